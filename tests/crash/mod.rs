//! The crash matrix: kanmon dies before and after every append of a release, another process goes on, and in the end everything
//! is as if nothing had been.

mod at_every_append;
