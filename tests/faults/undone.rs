//! `kill -9` between a capsule and what it is for, and in the middle of the way back.

use super::Fault;
use super::Front;
use super::main;
use crate::engine::World;
use keyform::engine::Scope;
use keyform::secret::seal::Identity;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::time::Duration;

const BEFORE: &str = "A=canary-a\nB=canary-b\n";

fn program(world: &World, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_keyform"));
    command.args(args).current_dir(world.path()).env("KEYFORM_UNDO_IDENTITY", world.path().join("undo.key"));
    command.stdout(Stdio::null()).stderr(std::fs::File::create(world.path().join("stderr")).unwrap());
    command
}

/// Waits for the end of the program without stopping the world around it.
async fn ended(child: &mut Child) -> ExitStatus {
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Runs the program, and kills it when the backend has done its n-th write and nobody was told. Gives whether it came to that.
async fn killed_at(front: &Front, world: &World, args: &[&str], kill: usize) -> bool {
    let (reached, mut wait) = tokio::sync::mpsc::unbounded_channel();
    front.faults(move |method, path, number| {
        let write = method != "GET" && !path.ends_with("/login");
        if write && number >= kill {
            let _ = reached.send(());
            return Fault::Silence;
        }
        Fault::None
    });
    let mut child = program(world, args).spawn().unwrap();
    let reached = tokio::select! {
        told = wait.recv() => told.is_some(),
        _ = ended(&mut child) => false,
    };
    if reached {
        // What the backend was asked for is done before the program dies.
        tokio::time::sleep(Duration::from_millis(200)).await;
        child.kill().unwrap();
        child.wait().unwrap();
    }
    front.faults(|_, _, _| Fault::None);
    reached
}

/// What the backend and the destination hold, and what a plan says.
async fn state(world: &World) -> (String, Vec<(String, String)>, Vec<String>) {
    (world.read("out/dev.env"), world.stored().await, world.plan(&Scope::default()).await)
}

#[tokio::test]
async fn killed_at_any_write_everything_comes_back() {
    let mut reached = Vec::new();
    for (apply, undo) in [(1, None), (2, None), (9, None), (2, Some(1)), (9, Some(1)), (9, Some(2))] {
        let front = Front::start().await;
        let identity = Identity::generate();
        let settings = format!("keyform {{\n  undo {{ recipients = [\"{}\"] }}\n}}\n", identity.recipient());
        let world = front.world(&format!("{settings}{}", main()));
        world.write("undo.key", identity.to_text().expose());
        world.converge().await;
        world.write("a", "canary-a-2");
        world.write("b", "canary-b-2");
        let before = state(&world).await;
        assert_eq!(before.0, BEFORE);

        let died = killed_at(&front, &world, &["apply", "--auto-approve"], apply).await;
        let died_again = match undo {
            Some(write) => killed_at(&front, &world, &["undo", "last", "--auto-approve"], write).await,
            None => false,
        };
        reached.push((died, died_again));
        // A sync that the backend has begun by itself ends by itself.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let mut child = program(&world, &["undo", "last", "--auto-approve"]).spawn().unwrap();
        let status = ended(&mut child).await;
        assert_eq!(status.code(), Some(0), "{apply} {undo:?}: {}", world.read("stderr"));
        assert_eq!(state(&world).await, before, "{apply} {undo:?}: {}", world.read("stderr"));
        front.server.shutdown().await;
    }
    assert_eq!(reached, [(true, false), (true, false), (false, false), (true, true), (false, true), (false, true)]);
}
