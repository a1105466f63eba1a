//! The vendors' own clients, and others that many use, against our fakes: whoever can't tell a fake from
//! the vendor is a witness for it.

use crate::providers::front::Front;
use crate::providers::gitlab;
use crate::providers::gitlab::GitLab;
use crate::providers::vercel;
use crate::providers::vercel::Vercel;
use crate::services;
use std::sync::Arc;
use std::sync::Mutex;
use tokio::process::Command;

async fn runs(command: &mut Command) {
    let out = command.output().await.unwrap();
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}

#[tokio::test]
async fn python_gitlab_takes_the_fake_for_gitlab() {
    let fake = Arc::new(Mutex::new(GitLab::new(&["projects/acme/app", "groups/acme"])));
    let behind = Arc::clone(&fake);
    let front = Front::before(Arc::new(move |call| behind.lock().unwrap().answer(call)), Vec::new()).await;
    fake.lock().unwrap().url = front.url();
    let python = services::folder().join("venv/bin/python");
    runs(Command::new(python).arg(services::source("gitlab.py")).args([&*front.url(), gitlab::TOKEN])).await;
}

#[tokio::test]
async fn vercels_own_client_takes_the_fake_for_vercel() {
    let fake = Arc::new(Mutex::new(Vercel::default()));
    let front = Front::before(Arc::new(move |call| fake.lock().unwrap().answer(call)), Vec::new()).await;
    let script = services::source("vercel.mjs");
    let arguments = [&*front.url(), vercel::TOKEN, vercel::TEAM, vercel::PROJECT];
    runs(Command::new("node").arg(script).arg(services::folder()).args(arguments)).await;
}
