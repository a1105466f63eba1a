//! The verbs of `format`.

use crate::lang::convert;
use crate::lang::functions::Misuse;
use crate::lang::functions::encodings;
use crate::lang::functions::fails;
use crate::lang::functions::wrong;
use crate::model::attrs::Number;
use crate::model::attrs::Value;

/// Nobody pads further.
const MAX_WIDTH: usize = 1000;

/// What stands between `%` and its verb.
#[derive(Default)]
struct Verb {
    left: bool,
    zeros: bool,
    plus: bool,
    space: bool,
    width: usize,
    precision: Option<usize>,
}

/// Puts values into a form.
pub(super) fn format(form: &str, values: &[Value]) -> Result<String, Misuse> {
    let mut out = String::with_capacity(form.len());
    let mut rest = form;
    let mut next = 0;
    let mut seen = 0;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        rest = after;
        let mut verb = Verb::default();
        while let Some(flag) = rest.chars().next().filter(|c| "-0+ ".contains(*c)) {
            rest = &rest[1..];
            match flag {
                '-' => verb.left = true,
                '0' => verb.zeros = true,
                '+' => verb.plus = true,
                _ => verb.space = true,
            }
        }
        verb.width = digits(&mut rest)?.unwrap_or(0);
        if let Some(after) = rest.strip_prefix('.') {
            rest = after;
            verb.precision = Some(digits(&mut rest)?.unwrap_or(0));
        }
        if let Some(after) = rest.strip_prefix('[') {
            rest = after;
            let position = digits(&mut rest)?.and_then(|n| n.checked_sub(1));
            rest = rest.strip_prefix(']').unwrap_or("");
            next = position.ok_or_else(|| wrong(0, "has a position that is none; the first one is `%[1]s`"))?;
        }
        let letter = rest.chars().next().ok_or_else(|| wrong(0, "ends in the middle of a verb"))?;
        rest = &rest[letter.len_utf8()..];
        if letter == '%' {
            out.push('%');
            continue;
        }
        let value = values.get(next).ok_or_else(|| fails("has more verbs than values"))?;
        next += 1;
        seen = seen.max(next);
        let text = verb.show(letter, value).map_err(|why| wrong(next, why))?;
        verb.pad(&text, letter, &mut out);
    }
    out.push_str(rest);
    match seen < values.len() {
        true => Err(fails("has more values than verbs")),
        false => Ok(out),
    }
}

fn digits(rest: &mut &str) -> Result<Option<usize>, Misuse> {
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (number, after) = rest.split_at(end);
    *rest = after;
    match number {
        "" => Ok(None),
        _ => match number.parse() {
            Ok(n) if n <= MAX_WIDTH => Ok(Some(n)),
            _ => Err(wrong(0, "has a width or precision above 1000")),
        },
    }
}

impl Verb {
    fn show(&self, letter: char, value: &Value) -> Result<String, String> {
        let cut = |text: &str| match self.precision {
            Some(most) => text.chars().take(most).collect(),
            None => text.to_owned(),
        };
        Ok(match letter {
            's' => cut(&convert::text(value)?),
            'v' => match convert::text(value) {
                Ok(text) => cut(&text),
                Err(_) => encodings::json(value)?,
            },
            'q' => encodings::json(&Value::String(convert::text(value)?))?,
            't' => convert::boolean(value)?.to_string(),
            'd' => self.signed(&whole(value)?.to_string()),
            'b' => self.radix(whole(value)?, |n| format!("{n:b}")),
            'o' => self.radix(whole(value)?, |n| format!("{n:o}")),
            'x' | 'X' => {
                let text = match value {
                    Value::String(text) => hex::encode(&**text),
                    _ => self.radix(whole(value)?, |n| format!("{n:x}")),
                };
                if letter == 'X' { text.to_uppercase() } else { text }
            }
            'f' => {
                let number = convert::number(value)?;
                let precision = self.precision.unwrap_or(6);
                // Whole numbers stay exact, whatever their size.
                self.signed(&match number {
                    Number::Float(n) => format!("{n:.precision$}"),
                    whole if precision == 0 => whole.to_string(),
                    whole => format!("{whole}.{}", "0".repeat(precision)),
                })
            }
            'e' => {
                let precision = self.precision.unwrap_or(6);
                let text = format!("{:.precision$e}", convert::number(value)?.as_f64());
                let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
                let (sign, exponent) = match exponent.strip_prefix('-') {
                    Some(exponent) => ('-', exponent),
                    None => ('+', exponent),
                };
                self.signed(&format!("{digits}e{sign}{exponent:0>2}"))
            }
            'g' => self.signed(&convert::number(value)?.to_string()),
            _ => return Err("stands for a verb that `format` does not know".to_owned()),
        })
    }

    fn radix(&self, n: i128, digits: impl Fn(u128) -> String) -> String {
        let text = digits(n.unsigned_abs());
        self.signed(&if n < 0 { format!("-{text}") } else { text })
    }

    fn signed(&self, text: &str) -> String {
        match (text.starts_with('-'), self.plus, self.space) {
            (false, true, _) => format!("+{text}"),
            (false, false, true) => format!(" {text}"),
            _ => text.to_owned(),
        }
    }

    fn pad(&self, text: &str, letter: char, out: &mut String) {
        let missing = self.width.saturating_sub(text.chars().count());
        let fill = |with: char| std::iter::repeat_n(with, missing);
        if self.left {
            out.push_str(text);
            out.extend(fill(' '));
        } else if self.zeros && !matches!(letter, 's' | 'v' | 'q' | 't') {
            let digits = text.find(|c: char| c.is_ascii_hexdigit()).unwrap_or(0);
            out.push_str(&text[..digits]);
            out.extend(fill('0'));
            out.push_str(&text[digits..]);
        } else {
            out.extend(fill(' '));
            out.push_str(text);
        }
    }
}

fn whole(value: &Value) -> Result<i128, String> {
    match convert::number(value)? {
        Number::Int(n) => Ok(n.into()),
        Number::Big(n) => Ok(n.into()),
        float => float.as_i64().map(Into::into).ok_or_else(|| "must be a whole number".to_owned()),
    }
}
