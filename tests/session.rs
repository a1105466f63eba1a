//! Session files: commands with their exact output, as a person would see them in a terminal.
//!
//! ```text
//! # A comment belongs to the command after it.
//! $ keyform plan
//! lines of standard output
//! ! lines of standard error
//! ? 2
//!
//! $ write out/dev.env <<EOF
//! KEY=value
//! EOF
//! ```
//!
//! `? N` is the exit code, left out if it is 0. A line of output that would be taken for something else is
//! written with a backslash before it; `\c` says that the output did not end with a line break.

use std::fmt::Write;

/// A command and what it prints.
#[derive(Debug, Default, Clone)]
pub(crate) struct Step {
    /// Lines before it that begin with `#`.
    pub(crate) comments: Vec<String>,
    /// The line after `$ `.
    pub(crate) command: String,
    /// What stands between `<<EOF` and `EOF`.
    pub(crate) input: Option<String>,
    /// Everything up to the next command.
    pub(crate) expected: String,
}

/// Reads a session.
pub(crate) fn parse(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut comments = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(command) = line.strip_prefix("$ ") {
            let mut step = Step { comments: std::mem::take(&mut comments), ..Step::default() };
            if let Some(command) = command.strip_suffix("<<EOF") {
                let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "EOF").collect();
                step.input = Some(body.iter().map(|line| format!("{line}\n")).collect());
                command.trim_end().clone_into(&mut step.command);
            } else {
                command.clone_into(&mut step.command);
            }
            steps.push(step);
        } else if line.starts_with("# ") {
            comments.push(line.to_owned());
        } else if let Some(step) = steps.last_mut() {
            step.expected.push_str(line);
            step.expected.push('\n');
        } else {
            assert!(line.is_empty(), "a session begins with a command or a comment, not with `{line}`");
        }
    }
    for step in &mut steps {
        // The blank line that sets the next command off.
        if step.expected == "\n" {
            step.expected.clear();
        } else if step.expected.ends_with("\n\n") {
            step.expected.pop();
        }
    }
    steps
}

/// Writes a session.
pub(crate) fn print(steps: &[Step]) -> String {
    let mut out = String::new();
    for (i, step) in steps.iter().enumerate() {
        if i > 0 {
            out.push('\n');
        }
        for comment in &step.comments {
            writeln!(out, "{comment}").unwrap();
        }
        match &step.input {
            Some(input) => writeln!(out, "$ {} <<EOF\n{input}EOF", step.command).unwrap(),
            None => writeln!(out, "$ {}", step.command).unwrap(),
        }
        out.push_str(&step.expected);
    }
    out
}

/// What a command did, as a session shows it.
pub(crate) fn shown(stdout: &str, stderr: &str, code: i32) -> String {
    let mut out = String::new();
    for line in stdout.lines() {
        let is_odd = ["$ ", "# ", "! ", "? ", "\\"].iter().any(|mark| line.starts_with(mark)) || line == "!";
        writeln!(out, "{}{line}", if is_odd { "\\" } else { "" }).unwrap();
    }
    if !stdout.is_empty() && !stdout.ends_with('\n') {
        out.push_str("\\c\n");
    }
    for line in stderr.lines() {
        out.push_str(format!("! {line}").trim_end());
        out.push('\n');
    }
    if code != 0 {
        writeln!(out, "? {code}").unwrap();
    }
    out
}

/// The words of a command line: split at spaces, quotes as in a shell.
pub(crate) fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars() {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (Some(_), c) => word.get_or_insert_default().push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (None, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
