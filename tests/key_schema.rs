//! Key schemas: the way back, and whether two can meet, against all keys that are short.

use keyform::model::job;
use keyform::model::key_schema::KeySchema;
use keyform::model::schema::Case;
use keyform::model::schema::KeyRules;
use proptest::prelude::Strategy;
use proptest::prelude::prop_assert;
use proptest::prelude::prop_assert_eq;
use proptest::proptest;

fn schema() -> impl Strategy<Value = KeySchema> {
    ("[ab/]{0,3}", "[ab/]{0,3}")
        .prop_map(|(prefix, suffix)| KeySchema::new(&format!("{prefix}{{{{secretKey}}}}{suffix}"), "dev").unwrap())
}

/// All keys of one to seven letters of two.
fn keys() -> Vec<String> {
    (1..=7_usize)
        .flat_map(|length| {
            (0..1_usize << length)
                .map(move |bits| (0..length).map(|i| if bits >> i & 1 == 0 { 'a' } else { 'b' }).collect())
        })
        .collect()
}

proptest! {
    #[test]
    fn what_was_applied_is_stripped(schema in schema(), key in "[A-Za-z0-9_.-]{1,20}") {
        let applied = schema.apply(&key);
        prop_assert_eq!(schema.strip(&applied), Some(key.as_str()));
        prop_assert!(schema.manages(&applied));
    }

    /// What is proved from templates holds for all keys: what a destination takes for one is found by both.
    #[test]
    fn what_is_proved_apart_never_meets(
        parts in ("[aA_-]{0,3}", "[aA_-]{0,2}", "[aA_-]{0,3}", "[aA_-]{0,2}"),
        keys in ("[aA_-]{1,4}", "[aA_-]{1,4}"),
        case in proptest::sample::select(vec![Case::Sensitive, Case::Insensitive, Case::Upper, Case::Lower]),
        replace in proptest::sample::select(vec![vec![], vec![("_", "-")], vec![("a", "__"), ("_", "")], vec![("aA", "_")]]),
    ) {
        let replace = replace.into_iter().map(|(from, to)| (from.into(), to.into())).collect();
        let rules = KeyRules { case, replace, ..KeyRules::default() };
        let schema = |prefix: &str, suffix: &str| KeySchema::new(&format!("{prefix}{{{{secretKey}}}}{suffix}"), "").unwrap();
        let (one, two) = (schema(&parts.0, &parts.1), schema(&parts.2, &parts.3));
        let stored = |schema: &KeySchema, key: &str| job::identity(&rules, &job::stored(schema, &rules, key));
        if stored(&one, &keys.0) == stored(&two, &keys.1) {
            prop_assert!(job::under(&one, &rules).meets(&job::under(&two, &rules)), "{:?} {:?}", one, two);
        }
    }

    #[test]
    fn two_meet_exactly_if_they_can_name_one_key(one in schema(), two in schema()) {
        // Six letters of fixed text at most: keys of seven are enough to reach around them.
        let named: std::collections::HashSet<String> = keys().iter().map(|key| one.apply(key)).collect();
        let met = keys().iter().any(|key| named.contains(&two.apply(key)));
        prop_assert_eq!(one.meets(&two), met);
        prop_assert_eq!(two.meets(&one), met);
        let managed = keys().iter().any(|key| one.manages(&two.apply(key)));
        prop_assert_eq!(one.can_manage(&two), managed, "{:?} {:?}", one, two);
    }
}
