//! Diagnostics as text for a terminal, the source underlined, drawn by miette.
