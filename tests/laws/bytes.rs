//! Bytes survive: whatever a value is made of, it arrives as it left and comes back as it arrived.

use crate::laws::Wanted;
use crate::laws::Written;
use crate::laws::converge;
use crate::laws::destination;
use crate::laws::key;
use crate::laws::stand::Stand;
use std::collections::BTreeMap;

/// Values that some writer or reader somewhere takes for something else.
const VALUES: &[&str] = &[
    "two\nlines",
    "ends with a newline\n",
    "\nstarts with one",
    "carriage\r\nreturn",
    "tab\tand  two spaces ",
    " space at both ends ",
    "${NAME} $NAME $(name) %{name} {{name}} `name`",
    "quotes \" and ' and \\ and \\n and \\\\",
    "käse 日本語 🗝️ e\u{301}",
    "007",
    "true",
    "null",
    "~",
    "1e3",
    "-0",
    "0x1F",
    "2026-11-21",
    "yes",
    "# no comment",
    "a # no comment either",
    "key: value",
    "KEY=value",
    "{\"json\": [1, true, null]}",
    "- item",
    "'single'",
    "\"double\"",
    "|",
    ">-",
    "&amp; <tag> %20 +",
    "-----BEGIN NOTHING-----\nY2FuYXJ5\n-----END NOTHING-----\n",
    "@file",
    "!tag",
    "\\",
    "=",
];

pub async fn law(stand: &Stand) {
    let destination = destination(stand);
    let mut values: Vec<String> =
        VALUES.iter().filter(|value| (stand.facts.takes)(value)).map(|value| (*value).to_owned()).collect();
    values.push("v".repeat(stand.facts.max_bytes));
    if stand.facts.empty {
        values.push(String::new());
    }
    assert_eq!(destination.variant().values.empty, stand.facts.empty, "whether the empty value is taken");
    let wanted: Wanted = values.iter().enumerate().map(|(n, value)| (key(n), Some(value.clone()))).collect();
    let checked = wanted.iter().map(|(k, v)| (k.as_str().into(), v.as_deref().map(crate::laws::secret))).collect();
    assert!(destination.check(&checked).is_empty(), "{:?}", destination.check(&checked));

    let mut written = Written::new();
    assert_eq!(converge(&destination, &wanted, &mut written).await, (values.len(), true));
    let wanted_there: BTreeMap<String, String> = wanted.iter().map(|(k, v)| (k.clone(), v.clone().unwrap())).collect();
    check_same(&stand.ground.holds().await, &wanted_there, "arrived");
    let seen = destination.read().await.unwrap();
    if stand.facts.readable {
        let read = seen.entries.iter().map(|(k, there)| (k.to_string(), there.value.as_ref().unwrap().expose().into()));
        check_same(&read.collect(), &wanted_there, "came back");
    }

    // The same values, each at another key: updates carry them as well as creates do.
    let turned: Wanted = (0..values.len()).map(|n| (key(n), Some(values[(n + 1) % values.len()].clone()))).collect();
    converge(&destination, &turned, &mut written).await;
    let turned = turned.into_iter().map(|(k, v)| (k, v.unwrap())).collect();
    check_same(&stand.ground.holds().await, &turned, "arrived by updates");
}

fn check_same(got: &BTreeMap<String, String>, wanted: &BTreeMap<String, String>, what: &str) {
    for (key, value) in wanted {
        let short = |text: &str| text.chars().take(80).collect::<String>();
        let got = got.get(key).unwrap_or_else(|| panic!("{:?} has not {what}", short(value)));
        assert!(got == value, "{:?} {what} as {:?}", short(value), short(got));
    }
    assert_eq!(got.len(), wanted.len());
}
