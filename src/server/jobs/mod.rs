//! The runner of sync jobs and of native integrations: takes them from the queue in the database, several at once, never two of one
//! sync. What one job does is in [`run`].

pub(crate) mod native;
pub(crate) mod run;

use crate::server::Shared;
use crate::server::store::jobs::Job;
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Most jobs at once.
const PARALLEL: usize = 8;
/// How long jobs may go on after the end was asked for; those that are cut off run again at the next start.
const GRACE: Duration = Duration::from_secs(10);
/// Longest message of a failed job, in characters: what clients are used to.
const MESSAGE: usize = 1024;

/// Runs jobs until `stop` turns true. Whatever is written may have put one into the queue.
pub(crate) async fn work(app: Shared, mut stop: watch::Receiver<bool>) {
    let mut running = JoinSet::new();
    while !*stop.borrow() {
        while running.len() < PARALLEL {
            let Some(job) = take(&app).await else { break };
            running.spawn(perform(app.clone(), job));
        }
        tokio::select! {
            () = app.db.written() => {}
            _ = running.join_next(), if !running.is_empty() => {}
            _ = stop.changed() => {}
        }
    }
    let rest = async { while running.join_next().await.is_some() {} };
    // What is not done by then is dropped here, and still in the queue.
    let _ = tokio::time::timeout(GRACE, rest).await;
}

/// What is run.
enum Work {
    Sync(Job),
    /// A native integration, by its id.
    Native(String),
}

async fn take(app: &Shared) -> Option<Work> {
    let next = app.db.run(|store| {
        let job = store.take_job()?.map(Work::Sync);
        job.map_or_else(|| Ok(store.take_integration()?.map(Work::Native)), |job| Ok(Some(job)))
    });
    match next.await {
        Ok(job) => job,
        Err(_) => {
            tracing::error!("the queue of jobs could not be read");
            None
        }
    }
}

async fn perform(app: Shared, work: Work) {
    let short = |message: String| message.chars().take(MESSAGE).collect::<String>();
    let ended = match work {
        Work::Sync(job) => {
            let failed = run::run(&app, &job).await.err().map(short);
            app.db.run(move |store| store.finish_job(&job, failed.as_deref())).await
        }
        Work::Native(id) => {
            let went = native::run(&app, &id).await.map_err(short);
            app.db.run(move |store| store.finish_integration(&id, went)).await
        }
    };
    if ended.is_err() {
        tracing::error!("the end of a job could not be written down; it runs again at the next start");
    }
}
