//! What systemd wants to hear of a service of `Type=notify`: datagrams to the socket that `NOTIFY_SOCKET` names
//! (<https://www.freedesktop.org/software/systemd/man/latest/sd_notify.html>). Elsewhere nobody is told anything.

use std::time::Duration;

/// The way to systemd, if there is one.
pub(super) struct Bell {
    #[cfg(unix)]
    line: Option<(std::os::unix::net::UnixDatagram, std::os::unix::net::SocketAddr)>,
}

impl Bell {
    /// What the environment says.
    #[cfg(unix)]
    pub(super) fn find() -> Self {
        let line = || {
            let name = std::env::var("NOTIFY_SOCKET").ok().filter(|name| !name.is_empty())?;
            let socket = std::os::unix::net::UnixDatagram::unbound().ok()?;
            // Where nobody reads, nobody is waited for.
            socket.set_nonblocking(true).ok()?;
            Some((socket, address(&name)?))
        };
        Self { line: line() }
    }

    /// There is none.
    #[cfg(not(unix))]
    pub(super) fn find() -> Self {
        Self {}
    }

    /// Tells the state: `READY=1`, `STOPPING=1`, `STATUS=…`, `WATCHDOG=1`. Nobody may be listening.
    #[cfg(unix)]
    pub(super) fn say(&self, state: &str) {
        if let Some((socket, address)) = &self.line {
            let _ = socket.send_to_addr(state.as_bytes(), address);
        }
    }

    /// Nobody is told.
    #[cfg(not(unix))]
    pub(super) fn say(&self, _: &str) {}
}

/// A path, or, after `@`, a name that is no file.
#[cfg(unix)]
fn address(name: &str) -> Option<std::os::unix::net::SocketAddr> {
    #[cfg(target_os = "linux")]
    if let Some(name) = name.strip_prefix('@') {
        use std::os::linux::net::SocketAddrExt;
        return std::os::unix::net::SocketAddr::from_abstract_name(name.as_bytes()).ok();
    }
    std::os::unix::net::SocketAddr::from_pathname(name).ok()
}

/// How often systemd wants to hear that all is well, if it does: half of what it waits for.
pub(super) fn watchdog() -> Option<Duration> {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let is_other = number("WATCHDOG_PID").is_some_and(|pid| pid != u64::from(std::process::id()));
    number("WATCHDOG_USEC").filter(|usec| *usec > 0 && !is_other).map(|usec| Duration::from_micros(usec / 2))
}
