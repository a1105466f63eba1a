//! Planning: the truth tables row by row, hazards, order. Worlds are made of texts; nothing is read.

mod drift;
mod entries;
mod guard;
mod job;
mod moves;
mod news;
mod order;
mod properties;
mod resources;
mod saved;
mod shards;
mod together;
mod undo;
mod world;
