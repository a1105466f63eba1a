//! Paths that a person gives to be written: files through links, pipes that stay pipes, and never the configuration.

use crate::engine::PROJECT;
use crate::engine::SYNC;
use crate::engine::World;
use crate::scenarios::PROGRAM;
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::fs::symlink;
use std::process::Command;
use std::process::Stdio;

fn run(world: &World, args: &[&str]) -> (i32, String) {
    let output = Command::new(PROGRAM).args(args).current_dir(world.path()).stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (output.status.code().unwrap(), said)
}

/// Every way to name a file that is written, up to the name.
const WAYS: &[&[&str]] = &[
    &["plan", "--output", "json="],
    &["plan", "--out", ""],
    &["ledger", "pull", "--force", "--out", ""],
    &["ledger", "pull", "--force", "--key-out", ""],
    &["secret", "export", "bakery/dev/api", "--output", ""],
];

fn named<'a>(way: &[&'a str], name: &str) -> (Vec<&'a str>, String) {
    let (last, first) = way.split_last().unwrap();
    (first.to_vec(), format!("{last}{name}"))
}

#[test]
fn pipes_stay_pipes_and_links_stay_links() {
    let world = World::new(&format!("{PROJECT}{SYNC}"));
    assert_eq!(run(&world, &["apply", "--auto-approve"]).0, 0);
    let at = |name: &str| world.path().join(name);
    assert!(Command::new("mkfifo").arg(at("pipe")).status().unwrap().success());
    fs::create_dir(at("far")).unwrap();
    symlink("far/there", at("link")).unwrap();
    symlink("far/new", at("dangling")).unwrap();
    for way in WAYS {
        let reader = Command::new("cat").arg(at("pipe")).stdout(Stdio::piped()).spawn().unwrap();
        let (mut args, name) = named(way, "pipe");
        args.push(&name);
        let (code, said) = run(&world, &args);
        assert_eq!(code, 0, "{args:?}: {said}");
        assert!(fs::symlink_metadata(at("pipe")).unwrap().file_type().is_fifo(), "{args:?} took the pipe's place");
        assert!(reader.wait_with_output().unwrap().stdout.len() > 20, "{args:?}");

        fs::write(at("far/there"), "").unwrap();
        for (link, file) in [("link", "far/there"), ("dangling", "far/new")] {
            let (mut args, name) = named(way, link);
            args.push(&name);
            let (code, said) = run(&world, &args);
            assert_eq!(code, 0, "{args:?}: {said}");
            assert!(fs::symlink_metadata(at(link)).unwrap().is_symlink(), "{args:?} took the link's place");
            assert!(world.read(file).len() > 20, "{args:?}");
        }
        assert_eq!(fs::read_dir(at("far")).unwrap().count(), 2, "{args:?} left something over");
        fs::remove_file(at("far/new")).unwrap();
    }
    // Nobody comes to read: it is not waited for until somebody kills it.
    let (code, said) = run(&world, &["plan", "--output", "json=pipe"]);
    assert!(code == 1 && said.contains("KF1002") && said.contains("nobody reads"), "{code}: {said}");
    // An open file, by the name that the system gives it.
    let out = fs::File::create(at("out.txt")).unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["plan", "--output", "junit=/dev/stdout"]).current_dir(world.path()).stdout(out);
    assert!(command.status().unwrap().success());
    let text = world.read("out.txt");
    assert!(text.contains("Nothing to do") && text.contains("<testsuites"), "{text}");
}

#[test]
fn no_output_takes_the_place_of_configuration() {
    let world = World::new(&format!("{PROJECT}{SYNC}"));
    symlink("main.hcl", world.path().join("report.json")).unwrap();
    let text = world.read("main.hcl");
    for output in ["json=main.hcl", "text=./new.HCL", "markdown=report.json"] {
        let (code, said) = run(&world, &["plan", "--output", output]);
        assert!(code == 64 && said.contains("KF1055"), "{output}: {code} {said}");
        assert_eq!(world.read("main.hcl"), text, "{output}");
    }
    assert!(!world.path().join("new.HCL").exists());
}

/// A configuration may come with a pull request: what never ends, or waits for a writer, is said to be no file.
#[test]
fn what_is_no_file_is_not_read() {
    let world = World::new(&format!("{PROJECT}{SYNC}"));
    fs::create_dir(world.path().join("providers")).unwrap();
    for name in ["endless.hcl", "endless.kftest.hcl", "drift.ignore.hcl", "keyform.vars.hcl", "providers/endless.hcl"] {
        let path = world.path().join(name);
        symlink("/dev/zero", &path).unwrap();
        let (code, said) = run(&world, &["validate"]);
        assert!(code == 1 && said.contains("no regular file"), "{name}: {code} {said}");
        fs::remove_file(&path).unwrap();
        assert!(Command::new("mkfifo").arg(&path).status().unwrap().success());
        let (code, said) = run(&world, &["validate"]);
        assert!(code == 1 && said.contains("no regular file"), "{name}: {code} {said}");
        fs::remove_file(&path).unwrap();
    }
    fs::write(world.path().join("more.hcl"), "locals {\n  endless = file(\"/dev/zero\")\n}\n").unwrap();
    let (code, said) = run(&world, &["validate"]);
    assert!(code == 1 && said.contains("no regular"), "{code} {said}");
}
