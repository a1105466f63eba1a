//! HCL as a language, for configurations and provider manifests alike.
//!
//! Lives here: [`ast`], our own compact syntax tree; [`parse`], which lets hcl-edit parse and lowers its
//! tree at once; [`scope`] and [`eval`], our own evaluator; [`functions`], the table of functions;
//! [`decode`], typed access to attributes and blocks; [`format`], which works on tokens. What any
//! block *means* does not live here.

pub mod ast;
pub mod decode;
pub mod eval;
pub mod format;
pub mod functions;
pub mod parse;
pub mod scope;
