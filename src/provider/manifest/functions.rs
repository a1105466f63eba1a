//! Functions that only manifests have.

use crate::lang::functions::Function;
use crate::lang::functions::Misuse;
use crate::lang::functions::Secrets;
use crate::lang::scope::Outside;
use crate::model::attrs::Value;
use crate::provider::native::Changes;
use crate::provider::native::Malformed;
use crate::provider::native::dotenv;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use crypto_box::PublicKey;
use crypto_box::aead::OsRng;

/// Functions that only manifests have; they are looked through before the language's own.
pub static MANIFEST: &[Function] = &[
    Function {
        name: "compact",
        params: "collection",
        doc: "An object without its null fields, or a list without its null and empty items.",
        secrets: Secrets::Carry,
        call: compact,
    },
    Function {
        name: "dotenv_decode",
        params: "text",
        doc: "The entries of a dotenv file as an object.",
        secrets: Secrets::Taint,
        call: dotenv_decode,
    },
    Function {
        name: "dotenv_edit",
        params: "text, entries",
        doc: "A dotenv file, as PHP reads it, with these `entries` and no others; comments, order and lines that need no change stay.",
        secrets: Secrets::Taint,
        call: dotenv_edit,
    },
    Function {
        name: "get",
        params: "object, name, default",
        doc: "A field that may be missing: the one way round the rule that a missing field is an error.",
        secrets: Secrets::Carry,
        call: get,
    },
    Function {
        name: "last",
        params: "list",
        doc: "The last item of a list, null if it is empty.",
        secrets: Secrets::Carry,
        call: last,
    },
    Function {
        name: "link",
        params: "response_headers, relation",
        doc: "The address that the `Link` header names for a relation such as `next`, or null.",
        secrets: Secrets::Carry,
        call: link,
    },
    Function {
        name: "sealed_box",
        params: "public_key, value",
        doc: "The value sealed for a Curve25519 key in base64 (libsodium's `crypto_box_seal`), in base64.",
        secrets: Secrets::Taint,
        call: sealed_box,
    },
    Function {
        name: "uuid",
        params: "",
        doc: "A new random UUID, for requests that must carry a token of their own.",
        secrets: Secrets::Carry,
        call: uuid,
    },
];

fn compact(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    match args {
        [Value::Object(fields)] => {
            let kept = fields.iter().filter(|(_, value)| !value.is_null());
            Ok(Value::object(kept.map(|(name, value)| (name.clone(), value.clone())).collect()))
        }
        [Value::List(items)] => {
            let kept = items.iter().filter(|item| !item.is_null() && item.as_str() != Some(""));
            Ok(Value::list(kept.cloned().collect()))
        }
        [other, ..] => Err(wrong(0, "an object or a list", other)),
        [] => Ok(Value::Null),
    }
}

fn dotenv_decode(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    let [Value::String(text)] = args else { return Err(no_dotenv("needs a text".to_owned())) };
    let entries = dotenv::read(text).map_err(malformed)?;
    Ok(Value::object(entries.into_iter().map(|(key, value)| (key.into(), Value::string(value))).collect()))
}

fn dotenv_edit(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    let [Value::String(text), Value::List(entries)] = args else {
        return Err(no_dotenv("needs a text and a list of entries".to_owned()));
    };
    let there = dotenv::read(text).map_err(malformed)?;
    let mut changes: Changes<'_> = there.keys().map(|key| (&**key, None)).collect();
    for entry in entries.iter().filter_map(Value::as_object) {
        let field = |name: &str| entry.get(name).and_then(Value::as_str);
        let (Some(key), Some(value)) = (field("key"), field("value")) else {
            return Err(no_dotenv("needs entries with a key and a text as value".to_owned()));
        };
        changes.insert(key, Some(value));
    }
    // What is as it should be keeps its quotes.
    changes.retain(|key, value| value.is_none() || there.get(*key).map(String::as_str) != *value);
    dotenv::edit_with(text, &changes, dotenv::quote_for_php).map(Value::string).map_err(malformed)
}

fn malformed(problem: Malformed) -> Misuse {
    no_dotenv(format!("can't read the file: line {}: {}", problem.line, problem.why))
}

fn no_dotenv(why: String) -> Misuse {
    Misuse { argument: None, why }
}

fn get(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    match args {
        [Value::Object(fields), Value::String(name), default] => Ok(fields.get(&**name).unwrap_or(default).clone()),
        [Value::Null, Value::String(_), default] => Ok(default.clone()),
        [Value::Object(_) | Value::Null, name, _] => Err(wrong(1, "a text", name)),
        [other, ..] => Err(wrong(0, "an object", other)),
        [] => Ok(Value::Null),
    }
}

fn last(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    match args {
        [Value::List(items)] => Ok(items.last().cloned().unwrap_or_default()),
        [other, ..] => Err(wrong(0, "a list", other)),
        [] => Ok(Value::Null),
    }
}

fn link(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    let [Value::Object(headers), Value::String(relation)] = args else {
        return Err(Misuse { argument: None, why: "needs `response_headers` and a text".to_owned() });
    };
    let Some(header) = headers.get("link").and_then(Value::as_str) else { return Ok(Value::Null) };
    Ok(find_link(header, relation).map_or(Value::Null, Value::from))
}

/// `<https://…?page=2>; rel="next", <…>; rel="last"`: the address of a relation. A comma inside the angle
/// brackets separates nothing.
fn find_link<'a>(header: &'a str, relation: &str) -> Option<&'a str> {
    let mut rest = header;
    while let Some(start) = rest.find('<') {
        let (address, after) = rest.get(start + 1..)?.split_once('>')?;
        let parameters = after.split('<').next().unwrap_or(after);
        let found =
            parameters.split([';', ',']).filter_map(|parameter| parameter.split_once('=')).any(|(name, value)| {
                name.trim().eq_ignore_ascii_case("rel")
                    && value.trim().trim_matches('"').split(' ').any(|r| r == relation)
            });
        if found {
            return Some(address);
        }
        rest = after;
    }
    None
}

fn sealed_box(_: &Outside<'_>, args: &[Value]) -> Result<Value, Misuse> {
    let [Value::String(key), Value::String(value)] = args else {
        return Err(Misuse { argument: None, why: "needs a public key and a value, both texts".to_owned() });
    };
    let key = STANDARD.decode(&**key).ok().and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
    let Some(key) = key else {
        return Err(Misuse { argument: Some(0), why: "is no Curve25519 key in base64".to_owned() });
    };
    let sealed = PublicKey::from(key).seal(&mut OsRng, value.as_bytes());
    let sealed = sealed.map_err(|_| Misuse { argument: Some(1), why: "can't be sealed".to_owned() })?;
    Ok(Value::string(STANDARD.encode(sealed)))
}

fn uuid(_: &Outside<'_>, _: &[Value]) -> Result<Value, Misuse> {
    Ok(Value::string(uuid::Uuid::new_v4().to_string()))
}

fn wrong(argument: usize, wanted: &str, found: &Value) -> Misuse {
    Misuse { argument: Some(argument), why: format!("should be {wanted}, and it is {}", found.shape()) }
}

#[cfg(test)]
mod tests {
    use super::find_link;

    #[test]
    fn finds_the_relation_whatever_stands_around_it() {
        let header = r#"<https://a.example/x?list=a,b&page=2>; rel="next", <https://a.example/x?page=9>; rel="last""#;
        assert_eq!(find_link(header, "next"), Some("https://a.example/x?list=a,b&page=2"));
        assert_eq!(find_link(header, "last"), Some("https://a.example/x?page=9"));
        assert_eq!(find_link(header, "prev"), None);
        assert_eq!(find_link("<https://a.example/>; title=\"x\"; rel=next", "next"), Some("https://a.example/"));
        assert_eq!(find_link("nonsense", "next"), None);
    }
}
