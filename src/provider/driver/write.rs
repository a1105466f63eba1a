//! Writes: the whole document, or entry by entry, alone or in groups; what is new and changed first, what goes
//! away last; then what comes after all of it.

use crate::diag::Diagnostic;
use crate::diag::codes;
use crate::model::attrs::Value;
use crate::model::job::identity;
use crate::provider::Observation;
use crate::provider::Op;
use crate::provider::Outcome;
use crate::provider::Write;
use crate::provider::driver::Driver;
use crate::provider::driver::entry_env;
use crate::provider::driver::entry_value;
use crate::provider::manifest::Operation;
use crate::provider::manifest::slots::Slot;
use crate::secret::Secret;
use futures_util::StreamExt;
use std::collections::BTreeMap;
use std::sync::Arc;

type Written = Result<Option<Arc<str>>, Diagnostic>;

/// Writes, on top of what was observed. One outcome for each write, in the same order.
pub(super) async fn write(driver: &Driver, observed: &Observation, writes: &[Write]) -> Vec<Outcome> {
    if writes.is_empty() {
        return Vec::new();
    }
    let mut results: Vec<Option<Written>> = match driver.operation(Slot::Replace) {
        Some(replace) => {
            let rules = &driver.variant.keys;
            let all = observed.entries.keys().chain(observed.twins.iter().map(|(key, _)| key));
            let mut there: BTreeMap<Arc<str>, usize> = BTreeMap::new();
            all.for_each(|key| *there.entry(identity(rules, key)).or_default() += 1);
            let is_clear = |write: &&Write| there.get(&identity(rules, &write.key)).is_none_or(|times| *times == 1);
            let clear: Vec<&Write> = writes.iter().filter(is_clear).collect();
            let result = match clear.is_empty() {
                true => Ok(None),
                false => whole(driver, replace, observed, &clear).await,
            };
            let one = |write| if is_clear(&write) { result.clone() } else { Err(ambiguous(&write.key)) };
            writes.iter().map(|write| Some(one(write))).collect()
        }
        None => each(driver, observed, writes).await,
    };
    after(driver, &mut results).await;
    fill_versions(driver, writes, &mut results).await;
    let outcome = |(write, result): (&Write, Option<Written>)| Outcome {
        key: write.key.clone(),
        result: result.unwrap_or_else(|| {
            Err(Diagnostic::error(&codes::MANIFEST, "The manifest says no request for such a write."))
        }),
    };
    writes.iter().zip(results).map(outcome).collect()
}

/// All entries at once: those that stay as they were, and what was wanted.
async fn whole(driver: &Driver, replace: &Operation, observed: &Observation, writes: &[&Write]) -> Written {
    if let Some(partial) = &observed.partial {
        return Err(partial.clone());
    }
    let changes: BTreeMap<&str, Option<&Secret>> = writes.iter().map(|write| (&*write.key, wanted(write))).collect();
    let mut entries = Vec::new();
    let twins = observed.twins.iter().map(|(key, seen)| (key, seen));
    for (key, seen) in observed.entries.iter().chain(twins).filter(|(key, _)| !changes.contains_key(&***key)) {
        let kept = match (&seen.raw, &seen.value) {
            (Some(Value::String(text)), _) => Value::Secret(Secret::new(text.to_string())),
            (Some(raw), _) => raw.clone(),
            (None, Some(value)) => Value::Secret(value.clone()),
            (None, None) => {
                let detail = format!("`{key}` would be lost: its value can't be read back to be written again.");
                return Err(Diagnostic::error(&codes::UNEXPECTED_ANSWER, detail));
            }
        };
        entries.push(entry_value(key, Some(seen), Some(kept)));
    }
    for (key, value) in &changes {
        if let Some(value) = value {
            entries.push(entry_value(key, None, Some(Value::Secret((*value).clone()))));
        }
    }
    let (env, root) = driver.prepared(replace).await?;
    let env = env.with("entries", Value::list(entries)).with("document", observed.document.clone());
    let answer = driver.session.run(Slot::Replace, replace, &env, &root, &driver.policy).await?;
    driver.version(replace, &answer)
}

/// Of two things under one key nobody can say which one is meant.
fn ambiguous(key: &str) -> Diagnostic {
    let detail = format!("`{key}` is there more than once: nobody can say which one is meant, so each stays as it is.");
    Diagnostic::error(&codes::DESTINATION_WRITE, detail).help("take away there all of them but one, then apply again")
}

/// Entry by entry: creates and updates first, so that nothing is taken away before its successor is there.
async fn each(driver: &Driver, observed: &Observation, writes: &[Write]) -> Vec<Option<Written>> {
    let mut results: Vec<Option<Written>> = writes.iter().map(|_| None).collect();
    for slot in [Slot::Create, Slot::Update, Slot::Upsert, Slot::Delete] {
        let Some(operation) = driver.operation(slot) else { continue };
        let mut chosen: Vec<usize> = (0..writes.len()).filter(|i| slot_of(driver, &writes[*i]) == slot).collect();
        chosen.sort_by_key(|i| matches!(writes[*i].op, Op::Delete));
        let groups: Vec<Vec<usize>> = chosen.chunks(operation.max.unwrap_or(1)).map(<[usize]>::to_vec).collect();
        let done = futures_util::stream::iter(groups).map(|group| async move {
            let group_writes: Vec<&Write> = group.iter().map(|i| &writes[*i]).collect();
            let result = send(driver, slot, operation, observed, &group_writes).await;
            (group, result)
        });
        let done: Vec<(Vec<usize>, Written)> = done.buffer_unordered(driver.policy.concurrency).collect().await;
        for (group, result) in done {
            for i in group {
                results[i] = Some(result.clone());
            }
        }
    }
    results
}

async fn send(
    driver: &Driver,
    slot: Slot,
    operation: &Operation,
    observed: &Observation,
    writes: &[&Write],
) -> Written {
    let (env, root) = driver.prepared(operation).await?;
    let env = env.with("document", observed.document.clone());
    let value = |write: &Write| wanted(write).map(|secret| Value::Secret(secret.clone()));
    let env = match (operation.max, writes) {
        (None, [write]) => {
            let env = entry_env(&env, &write.key, observed.entries.get(&write.key));
            env.with("value", value(write).unwrap_or_default())
        }
        _ => {
            let entry = |write: &&Write| entry_value(&write.key, observed.entries.get(&write.key), value(write));
            env.with("entries", Value::list(writes.iter().map(entry).collect()))
        }
    };
    match driver.session.run(slot, operation, &env, &root, &driver.policy).await {
        Ok(answer) => driver.version(operation, &answer),
        // Gone already is what was wanted.
        Err(problem) if slot == Slot::Delete && problem.code == &codes::NOT_THERE => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// What comes after all writes. If it fails, the last write that went well counts as failed, so that the
/// next run comes here again.
async fn after(driver: &Driver, results: &mut [Option<Written>]) {
    let Some(last) = results.iter_mut().rev().find(|result| matches!(result, Some(Ok(_)))) else { return };
    let Some(after) = driver.operation(Slot::After) else { return };
    if let Err(mut problem) = run_after(driver, after).await {
        problem.detail = format!("The entries were written; what comes after them failed: {}", problem.detail);
        *last = Some(Err(problem));
    }
}

async fn run_after(driver: &Driver, after: &Operation) -> Result<(), Diagnostic> {
    let (env, root) = driver.prepared(after).await?;
    if driver.session.wanted(after, &env)? {
        driver.session.run(Slot::After, after, &env, &root, &driver.policy).await?;
    }
    Ok(())
}

/// Where values can't be read back, the version is how a change outside is seen: if writes do not answer with
/// it, one more listing does.
async fn fill_versions(driver: &Driver, writes: &[Write], results: &mut [Option<Written>]) {
    let lacks =
        |(write, result): &(&Write, &mut Option<Written>)| wanted(write).is_some() && matches!(result, Some(Ok(None)));
    let lacking: Vec<_> = writes.iter().zip(results).filter(lacks).collect();
    if driver.variant.readable || lacking.is_empty() {
        return;
    }
    // What was written stays written; without a version the next run looks again.
    let Ok(listed) = driver.list().await else { return };
    for (write, result) in lacking {
        let version = listed.entries.get(&write.key).and_then(|seen| seen.version.clone());
        *result = Some(Ok(version));
    }
}

fn wanted(write: &Write) -> Option<&Secret> {
    match &write.op {
        Op::Create(value) | Op::Update(value) => Some(value),
        Op::Delete => None,
    }
}

/// The operation that a write is: where there is one for all, what is new, what is changed and what goes away go together.
fn slot_of(driver: &Driver, write: &Write) -> Slot {
    let slot = match &write.op {
        Op::Create(_) => Slot::Create,
        Op::Update(_) => Slot::Update,
        Op::Delete => Slot::Delete,
    };
    if driver.operation(slot).is_some() { slot } else { Slot::Upsert }
}
