//! What each verb of the command line prints: its results, its questions, and why it cannot be carried out.

pub mod abort;
pub mod answer;
pub mod approvals;
pub mod check;
pub mod completions;
pub mod defect;
pub mod demo;
pub mod export;
pub mod findings;
pub mod freeze;
pub mod help;
pub mod history;
pub mod import;
pub mod man;
pub mod own_credentials;
pub mod path;
pub mod plan;
pub mod promote;
pub mod record;
pub mod release;
pub mod sandbox;
pub mod schema;
pub mod state_location;
pub mod status;
pub mod unlock;
pub mod watch;
