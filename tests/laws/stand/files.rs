//! Files on this machine. They are read back by Python's own libraries: what keyform writes, others must
//! understand.

use crate::laws::stand::Everything;
use crate::laws::stand::Facts;
use crate::laws::stand::Ground;
use crate::laws::stand::Stand;
use crate::laws::stand::attrs;
use crate::laws::stand::spec;
use crate::laws::text;
use crate::providers::front::Answer;
use crate::services;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

pub struct Files {
    folder: tempfile::TempDir,
    format: &'static str,
}

impl Files {
    fn path(&self) -> PathBuf {
        self.folder.path().join("secrets")
    }

    fn parsed(&self) -> BTreeMap<String, Value> {
        if !self.path().exists() {
            return BTreeMap::new();
        }
        let reader = match self.format {
            "dotenv" => return self.as_others_read_it(),
            "yaml" => "import yaml; d = yaml.safe_load(open(sys.argv[1], encoding='utf-8', newline='')) or {}",
            _ => "d = json.load(open(sys.argv[1], encoding='utf-8'))",
        };
        let parsed = services::python(&format!("import sys, json; {reader}; print(json.dumps(d))"), &self.path());
        parsed.as_object().unwrap().clone().into_iter().collect()
    }

    /// What a shell makes of the file, and python-dotenv, which have to agree where they have one grammar.
    fn as_others_read_it(&self) -> BTreeMap<String, Value> {
        let script = "set -a; . \"$1\"; /usr/bin/env -0";
        let shell = ["-i", "bash", "--norc", "-c", script, "-"];
        let out = Command::new("env").args(shell).arg(self.path()).output().unwrap();
        let texts = String::from_utf8(out.stdout).unwrap();
        let entries = texts.split_terminator('\0').filter_map(|entry| entry.split_once('='));
        let own = entries.filter(|(name, _)| !["PWD", "SHLVL", "_", "OLDPWD"].contains(name));
        let lines = "import sys, json, dotenv; print(json.dumps(dotenv.dotenv_values(sys.argv[1], interpolate=False)))";
        let python = services::python(lines, &self.path());
        own.map(|(name, value)| {
            let other = python[name].as_str().unwrap();
            // A shell knows no escape for a carriage return; python-dotenv none for `$` and a backtick.
            let differs = value.contains(['$', '`']) && value.contains(['\'', '\\']);
            let value = if other.contains('\r') { other } else { value };
            assert!(differs || value == other, "a shell and python-dotenv disagree on `{name}`");
            (name.to_owned(), value.into())
        })
        .collect()
    }

    pub fn holds(&self) -> BTreeMap<String, String> {
        let texts = self.parsed().into_iter();
        texts.map(|(key, value)| (key, value.as_str().map_or_else(|| value.to_string(), str::to_owned))).collect()
    }

    pub fn everything(&self) -> Everything {
        self.parsed().into_iter().map(|(key, value)| (format!("own {key}"), value.to_string())).collect()
    }

    pub fn plant(&self, entries: &BTreeMap<String, String>) {
        let text = match self.format {
            "dotenv" => entries.iter().map(|(key, value)| format!("{key}={value}\n")).collect(),
            "yaml" => entries.iter().map(|(key, value)| format!("{key}: {value}\n")).collect(),
            _ => serde_json::to_string(entries).unwrap(),
        };
        fs::write(self.path(), text).unwrap();
    }

    pub fn plant_neighbours(&self) {
        let text = match self.format {
            "dotenv" => "# theirs\nTHEIRS='as it is'\nexport OTHER=plain # with a word\n",
            "yaml" => "# theirs\nTHEIRS: 'as it is'\nOTHER: plain\n",
            _ => "{\n  \"THEIRS\": \"as it is\",\n  \"OTHER\": \"plain\"\n}\n",
        };
        fs::write(self.path(), text).unwrap();
    }

    pub fn clear(&self) {
        let _ = fs::remove_file(self.path());
    }
}

async fn stand(format: &'static str, good_keys: &'static [&'static str], bad_keys: &'static [&'static str]) -> Stand {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_str().unwrap().to_owned();
    Stand {
        spec: spec(
            "local-file",
            "directory",
            attrs([("path", text(&path))]),
            attrs([("file", text("secrets")), ("format", text(format))]),
        ),
        redirect: BTreeMap::new(),
        front: None,
        ground: Ground::Files(Files { folder, format }),
        facts: Facts {
            readable: true,
            versions: true,
            deletes_the_gone: true,
            empty: true,
            max_bytes: 100_000,
            limits_values: false,
            takes: |_| true,
            capacity: None,
            reads: |_| 0,
            writes: 0,
            throttled: Answer::empty(429),
            unauthorized: Answer::empty(401),
            good_keys,
            bad_keys,
            vendor_checks_keys: false,
            vendor_checks_credentials: false,
        },
        credentials: Vec::new(),
    }
}

pub async fn local_file_dotenv() -> Stand {
    stand("dotenv", &["A", "_a1", "lower_and_UPPER"], &["1A", "A B", "A=B", "Ä"]).await
}

pub async fn local_file_json() -> Stand {
    stand("json", &["A", "a-b", "a.b", "ü \" key"], &[""]).await
}

pub async fn local_file_yaml() -> Stand {
    stand("yaml", &["A", "a-b", "a.b", "true", "007", "a: b", "ü \" key"], &[""]).await
}
