//! What kanmon talks about: values without time, I/O or randomness of their own.

pub mod ids;
