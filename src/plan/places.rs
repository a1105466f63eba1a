//! Which thing is in which project, environment or folder, by what the ledger knows of them.

use crate::model::address::Address;
use crate::model::ledger::Natural;
use crate::model::resource::Kind;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Containers by what finds them: who is in whom, by the natural keys of the ledger.
pub(super) struct Places<'a>(BTreeMap<[Arc<str>; 3], &'a Address>);

impl<'a> Places<'a> {
    pub(super) fn of(all: impl IntoIterator<Item = (&'a Address, &'a Natural)>) -> Self {
        let place = |(address, natural)| Some((own_place(address, natural)?, address));
        Self(all.into_iter().filter_map(place).collect())
    }

    /// The innermost container of a thing, itself left out.
    pub(super) fn nearest(&self, address: &Address, natural: &Natural) -> Option<&'a Address> {
        let kind = Kind::from_word(address.kind()).filter(|kind| *kind != Kind::Project)?;
        let project = natural.get("project")?;
        let none: Arc<str> = "".into();
        let environment = natural.get("environment").filter(|_| kind != Kind::Environment);
        if let Some(environment) = environment {
            let mut path = natural.get("path").map_or("", |path| &**path);
            while path.len() > 1 {
                let found = self.0.get(&[Arc::clone(project), Arc::clone(environment), path.into()]);
                if let Some(found) = found.filter(|found| **found != address) {
                    return Some(found);
                }
                path = path.rsplit_once('/').map_or("", |(parent, _)| parent);
            }
            let found = self.0.get(&[Arc::clone(project), Arc::clone(environment), Arc::clone(&none)]);
            if found.is_some() {
                return found.copied();
            }
        }
        self.0.get(&[Arc::clone(project), Arc::clone(&none), none]).filter(|found| **found != address).copied()
    }
}

/// Project, environment and path of a container; `None` for what contains nothing.
fn own_place(address: &Address, natural: &Natural) -> Option<[Arc<str>; 3]> {
    let part = |name: &str| natural.get(name).cloned();
    let none: Arc<str> = "".into();
    match Kind::from_word(address.kind())? {
        Kind::Project => Some([part("slug").or_else(|| part("project"))?, Arc::clone(&none), none]),
        Kind::Environment => Some([part("project")?, part("slug").or_else(|| part("environment"))?, none]),
        Kind::Folder => Some([part("project")?, part("environment")?, part("path")?]),
        _ => None,
    }
}
