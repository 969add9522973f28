//! The names of the recorded releases, read without changing or waiting for anything: for a shell that completes a command.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;

use super::error::Failure;
use super::open::{self, Trust};
use super::permissions;
use crate::model::ids::{AppName, ReleaseId};

/// The newest releases of an application with their beginnings, newest first. None where the state is not this user's own, was made
/// elsewhere, is being changed, or cannot be read.
pub fn newest(dir: &Path, named: bool, app: &AppName, most: usize) -> Vec<(ReleaseId, Timestamp)> {
    let trust = if named { Trust::Named } else { Trust::MadeHere };
    read(dir, trust, app, most).unwrap_or_default()
}

fn read(dir: &Path, trust: Trust, app: &AppName, most: usize) -> Option<Vec<(ReleaseId, Timestamp)>> {
    let file = dir.join(open::FILE);
    permissions::is_ours(dir, &file).ok()?;
    if trust == Trust::MadeHere && !open::made_here(dir).ok()? {
        return None;
    }
    let opened = open::open_read_only(&file).ok()?;
    let found = || -> Result<Vec<(String, String)>, Failure> {
        opened.db.busy_timeout(Duration::ZERO)?;
        let sql = "SELECT release, started_at FROM releases WHERE app = ?1 ORDER BY started_at DESC LIMIT ?2";
        let mut rows = opened.db.prepare(sql)?;
        let limit = i64::try_from(most).unwrap_or(i64::MAX);
        let found = rows.query_map((app.as_str(), limit), |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.collect::<Result<_, _>>()?)
    };
    let parsed = found().ok()?.into_iter().map(|(release, at)| Some((release.parse().ok()?, at.parse().ok()?)));
    Some(parsed.flatten().collect())
}
