//! Files on this machine: dotenv, JSON and YAML.

use crate::diag::Diagnostic;
use crate::model::schema::Variant;
use crate::provider::Observation;
use crate::provider::Outcome;
use crate::provider::Write;

/// One file of entries.
#[derive(Debug)]
pub struct Files {
    variant: Variant,
}

impl Files {
    pub(crate) fn place(&self) -> String {
        String::new()
    }

    pub(crate) fn variant(&self) -> &Variant {
        &self.variant
    }

    pub(crate) fn read(&self) -> Result<Observation, Diagnostic> {
        Ok(Observation::default())
    }

    pub(crate) fn write(&self, writes: &[Write]) -> Vec<Outcome> {
        let _ = writes;
        Vec::new()
    }
}
