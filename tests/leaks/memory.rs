//! After an apply, no secret is left in memory that can be written: the heap, what was given back of it, and the stacks. A
//! process applies, by the program's own entry, and looks through itself. Linux only; what a register or a page that was
//! swapped out held is beyond it.

use crate::engine::PROJECT;
use crate::engine::SYNC;
use crate::engine::World;
use std::fs;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::process::Command;

/// Where the inner run finds its configuration.
const DIR: &str = "KEYFORM_TEST_MEMORY";
/// What is looked for, so that looking for it puts it nowhere: every byte is one more.
const SECRET: &[u8] = b"dbobsz.nfnpsz.";
/// The same for something that is left there on purpose.
const CONTROL: &[u8] = b"dbobsz.dpouspm.";
/// How much is looked at in one go.
const PIECE: usize = 1 << 20;

fn plain(shifted: &[u8]) -> Vec<u8> {
    shifted.iter().map(|byte| byte - 1).collect()
}

/// Where shifted texts are in this process, with the kind of memory.
fn search(shifted: &[&[u8]]) -> Vec<Vec<String>> {
    let mut piece = vec![0_u8; PIECE + 64];
    let own = piece.as_ptr() as usize;
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let memory = File::open("/proc/self/mem").unwrap();
    let mut found = vec![Vec::new(); shifted.len()];
    for line in maps.lines().filter(|line| line.contains(" rw")) {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let (from, to) = (usize::from_str_radix(from, 16).unwrap(), usize::from_str_radix(to, 16).unwrap());
        let mut at = from;
        while at < to {
            let size = (to - at).min(piece.len());
            // What can't be read (a guard page) holds nothing.
            let read = memory.read_at(&mut piece[..size], at as u64).unwrap_or(0);
            for (text, found) in shifted.iter().zip(&mut found) {
                let fits =
                    |window: &[u8]| window.iter().zip(*text).all(|(byte, shifted)| byte.wrapping_add(1) == *shifted);
                for (start, _) in piece[..read].windows(text.len()).enumerate().filter(|(_, window)| fits(window)) {
                    let place = at + start;
                    // Not in the piece itself, of which this is a copy.
                    if !(own..own + PIECE + 64).contains(&place) {
                        let end = (start + 48).min(read);
                        let around = String::from_utf8_lossy(&piece[start.saturating_sub(48)..end]).into_owned();
                        found.push(format!("{place:x} in {line}: {around:?}"));
                    }
                }
            }
            piece[..read].fill(0);
            at += if at + size < to { PIECE } else { size };
        }
    }
    found
}

#[test]
fn nothing_is_left_in_memory_after_an_apply() {
    if let Some(dir) = std::env::var_os(DIR) {
        return inner(dir);
    }
    let world = World::new(&format!("{PROJECT}{SYNC}"));
    for name in ["a", "b"] {
        fs::write(world.path().join(name), [plain(SECRET), name.into()].concat()).unwrap();
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "leaks::memory::nothing_is_left_in_memory_after_an_apply", "--nocapture"])
        .env(DIR, world.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{said}");
    let secret = String::from_utf8(plain(SECRET)).unwrap();
    assert_eq!(world.read("out/dev.env"), format!("A={secret}a\nB={secret}b\n"), "it was applied: {said}");
    assert!(include_str!("../../src/main.rs").contains("ZeroAlloc"), "the program has no such memory");
}

fn inner(dir: std::ffi::OsString) {
    let kept = plain(CONTROL);
    let args = ["keyform".into(), "-C".into(), dir, "apply".into(), "--auto-approve".into()];
    // In a thread of its own, so that its stack is gone afterwards.
    let _ = std::thread::spawn(move || keyform::cli::run(args)).join().unwrap();
    let found = search(&[SECRET, CONTROL]);
    assert!(!found[1].is_empty(), "what is there is not found: {kept:?}");
    let lines: String = found[0].iter().map(|line| format!("{line}\n")).collect();
    std::io::stderr().write_all(lines.as_bytes()).unwrap();
    assert_eq!(found[0].len(), 0, "copies of secrets are left");
    assert!(!kept.is_empty());
}
