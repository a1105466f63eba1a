//! HCL as a language, for configurations and provider manifests alike.
//!
//! Lives here: [`ast`], our own compact syntax tree; [`parse`], which lets hcl-edit parse and lowers its
//! tree at once; [`scope`] and [`eval`], our own evaluator; [`functions`], the table of functions;
//! [`decode`], typed access to attributes and blocks; [`format`], which works on tokens; [`print`], new blocks as
//! text. What any
//! block *means* does not live here.

pub mod ast;
mod call;
mod convert;
pub mod decode;
pub mod eval;
mod expression;
pub mod format;
pub mod functions;
mod lower;
mod operate;
pub mod parse;
pub mod print;
pub mod scope;
mod template;
pub(crate) mod token;
