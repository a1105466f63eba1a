//! Types pages of `docs/` into a shell: what stands after `$` in a `console` block is run, and the page has to show what
//! came; four backticks around one whose output has three. A block `hcl NAME` is written to that file. `KEYFORM_BLESS=1` writes what came into the page.

use crate::canary;
use crate::scenarios::World;
use std::fs;
use std::path::Path;

const PAGES: &[&str] = &["docs/tutorial.md"];

/// Runs a page, and gives it with what came.
fn walk(page: &str, world: &mut World) -> String {
    let mut out = String::new();
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let kind = line.trim_start_matches('`');
        let fence = &line[..line.len() - kind.len()];
        if fence.len() < 3 || kind.is_empty() {
            continue;
        }
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != fence).collect();
        if let Some(name) = kind.strip_prefix("hcl ") {
            world.put(name, &(body.join("\n") + "\n"));
        }
        if kind == "console" {
            for command in body.iter().filter_map(|line| line.strip_prefix("$ ")) {
                out.push_str(&format!("$ {command}\n{}", world.shell(command)));
            }
        } else {
            body.iter().for_each(|line| out.push_str(&format!("{line}\n")));
        }
        out.push_str(&format!("{fence}\n"));
    }
    out
}

#[test]
fn pages_show_what_comes() {
    for name in PAGES {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
        let page = fs::read_to_string(&file).unwrap();
        let empty = tempfile::tempdir().unwrap();
        let mut world = World::of(empty.path());
        for value in canary::collect([page.as_str()]) {
            world.watch(&value);
        }
        let now = walk(&page, &mut world);
        world.search_files();
        assert!(world.leaks().is_empty(), "{name} leaks:\n{}", world.leaks().join("\n"));
        if now != page && std::env::var_os("KEYFORM_BLESS").is_some() {
            fs::write(&file, &now).unwrap();
            continue;
        }
        let diff = similar::TextDiff::from_lines(&page, &now);
        assert!(now == page, "{name}:\n{}", diff.unified_diff().context_radius(4).header("page", "now"));
    }
}
