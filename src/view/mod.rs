//! Plans, reports, diagnostics and events as text and JSON. No decisions are made here, and nothing here
//! can hold a secret: what comes in is a plan, which has fingerprints only.
//!
//! Lives here: [`words`], every symbol and phrase, once; [`paint`], colours; [`text`], a plan as people
//! read it; [`reference`], pages of the documentation; [`report`], how an apply ended; [`progress`], events as lines; [`undo`], what
//! can be undone; [`notice`], what people are told of drift; [`graph`], drawings; [`json`], the same for programs.
//!
//! Names are data: a key or a slug may hold terminal escapes, so whatever came from outside goes through
//! [`words::shown`] before it is drawn.

pub mod drift;
pub mod graph;
pub mod html;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod markup;
pub mod notice;
pub mod outcome;
pub mod paint;
pub mod progress;
pub mod prometheus;
pub mod reference;
pub mod report;
pub mod risks;
pub mod text;
pub mod undo;
pub mod why;
pub mod words;
