//! Where a line must not end: within a command, which nobody could copy then.

/// Stands for a blank at which no line ends; a character that no text has, one column wide.
const BOND: char = '\u{e000}';

/// The text with a bond for each blank within a command: what is between backticks, as long as it has no more characters than
/// `most`, and an `--allow` with its number.
#[must_use]
pub fn bound(text: &str, most: usize) -> String {
    let allow = |part: &str| part.replace("--allow ", &format!("--allow{BOND}"));
    let mut out = String::with_capacity(text.len());
    for (n, part) in text.split('`').enumerate() {
        if n > 0 {
            out.push('`');
        }
        match n % 2 == 1 && part.chars().count() <= most && !part.contains('\n') {
            true => out.extend(part.chars().map(|c| if c == ' ' { BOND } else { c })),
            false => out.push_str(&allow(part)),
        }
    }
    out
}

/// The text with its blanks again.
#[must_use]
pub fn freed(text: &str) -> String {
    text.replace(BOND, " ")
}

#[cfg(test)]
mod tests {
    use super::bound;
    use super::freed;

    #[test]
    fn a_command_is_one_word() {
        let text = "say `keyform apply x` and --allow wipe=1 or `a much longer one`, then go";
        let words = |most| bound(text, most).split(' ').map(freed).collect::<Vec<_>>();
        assert_eq!(
            words(15),
            ["say", "`keyform apply x`", "and", "--allow wipe=1", "or", "`a", "much", "longer", "one`,", "then", "go"]
        );
        assert_eq!(words(80)[5], "`a much longer one`,");
        assert_eq!(freed(&bound(text, 80)), text);
    }
}
