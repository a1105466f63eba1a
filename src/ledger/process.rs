//! Processes of this machine: whether the one that took a lock or a lease still runs.

/// Names a process among all that ever ran: the boot of the machine, the namespace in which its number counts, the
/// user, the number, and when it started. `None` where the system does not say (`/proc` of Linux does).
pub(super) fn of(pid: u32) -> Option<String> {
    Some(format!("{} {pid} {}", here()?.join(" "), start(pid)?))
}

/// Whether a process of this machine, user and namespace is gone. Of others nothing can be said: they may be hidden.
pub(super) fn has_ended(name: &str) -> bool {
    let parts: Vec<&str> = name.split(' ').collect();
    let [boot, space, user, pid, began] = parts[..] else { return false };
    let (Some(here), Ok(pid)) = (here(), pid.parse()) else { return false };
    here == [boot, space, user] && start(pid).as_deref() != Some(began)
}

#[cfg(unix)]
fn here() -> Option<[String; 3]> {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let space = std::fs::read_link("/proc/self/ns/pid").ok()?;
    let user = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").ok()?);
    Some([boot.trim().to_owned(), space.to_str()?.to_owned(), user.to_string()])
}

#[cfg(not(unix))]
fn here() -> Option<[String; 3]> {
    None
}

/// When a process started, in ticks since the boot; `None` if there is none.
fn start(pid: u32) -> Option<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name of the program, in brackets, may hold anything.
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_whitespace();
    // A zombie has ended: nobody has asked for its result yet.
    let is_zombie = fields.next()? == "Z";
    fields.nth(18).filter(|_| !is_zombie).map(str::to_owned)
}
