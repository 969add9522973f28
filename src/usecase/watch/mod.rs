//! What a person follows live: the record of an application's releases, the services as they run, and the requests that wait for a decision.
//!
//! It only reads. What works on a release is another process, anybody's, that need not know of it.

pub mod decision;
pub mod live;
pub mod record;
