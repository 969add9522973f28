//! The fault matrix: every operation that a release calls meets every fault, and each release ends as that fault requires.
//! The operations are found by running a release.

mod lasting;
mod matrix;
mod passing;
mod too_new;
