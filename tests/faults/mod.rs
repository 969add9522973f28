//! The fault matrix: every operation that a release calls meets every fault, and each time the release comes to what that fault leaves.
//! The operations are found by running: whatever a release comes to call is one.

mod lasting;
mod matrix;
mod passing;
mod too_new;
