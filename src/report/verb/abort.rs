//! What `abort` prints where another process works on the release.

use crate::model::ids::ReleaseId;

/// The process has read the request.
pub fn read(id: &ReleaseId, holder: &str) -> String {
    format!("{id}: abort requested; {holder} ends the release, and `kanmon history {id}` shows the result")
}

/// The process has not read the request yet.
pub fn sent(id: &ReleaseId, holder: &str) -> String {
    format!("{id}: abort requested; {holder} works on the release and will end it")
}
