//! The events' rows and the chunks that they name, not verified.

use rusqlite::{Row as SqlRow, Transaction, params};

use super::error::Failure;
use super::number::Number;
use crate::journal::codec::{Chunks, Row};
use crate::model::ids::ReleaseId;

const COLUMNS: &str = "form, seq, at, payload, prev, hash";

fn read(row: &SqlRow<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        form: row.get(0)?,
        seq: row.get::<_, Number>(1)?.0,
        at: row.get(2)?,
        payload: row.get(3)?,
        prev: row.get(4)?,
        hash: row.get(5)?,
    })
}

/// All of a release, in their order.
pub(super) fn all(tx: &Transaction<'_>, release: &ReleaseId) -> Result<Vec<Row>, Failure> {
    let mut rows = tx.prepare_cached(&format!("SELECT {COLUMNS} FROM events WHERE release = ?1 ORDER BY seq"))?;
    Ok(rows.query_map([release.as_str()], read)?.collect::<Result<_, _>>()?)
}

/// Those whose payload begins with these bytes.
pub(super) fn beginning(tx: &Transaction<'_>, release: &ReleaseId, with: &[u8]) -> Result<Vec<Row>, Failure> {
    let mut rows = tx.prepare_cached(&format!(
        "SELECT {COLUMNS} FROM events WHERE release = ?1 AND substr(payload, 1, length(?2)) = ?2 ORDER BY seq"
    ))?;
    Ok(rows.query_map(params![release.as_str(), with], read)?.collect::<Result<_, _>>()?)
}

pub(super) fn put(tx: &Transaction<'_>, release: &ReleaseId, row: &Row) -> Result<(), Failure> {
    let Row { form, seq, at, payload, prev, hash } = row;
    tx.prepare_cached(
        "INSERT INTO events (release, seq, form, at, payload, prev, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute(params![release.as_str(), Number(*seq), form, at, payload, prev, hash])?;
    Ok(())
}

/// The chunks of the blobs that these rows name.
pub(super) fn chunks(tx: &Transaction<'_>, rows: &[Row]) -> Result<Chunks, Failure> {
    let mut chunks = Chunks::new();
    let mut parts = tx.prepare_cached("SELECT bytes FROM chunks WHERE blob = ?1 ORDER BY part")?;
    for blob in rows.iter().filter_map(Row::blob) {
        let bytes = parts.query_map([&blob.sha256], |row| row.get(0))?.collect::<Result<_, _>>()?;
        chunks.insert(blob.sha256, bytes);
    }
    Ok(chunks)
}

pub(super) fn put_blob(tx: &Transaction<'_>, blob: &str, chunks: &[Vec<u8>]) -> Result<(), Failure> {
    // Named by its content: one that is there is the same.
    let mut put =
        tx.prepare_cached("INSERT INTO chunks (blob, part, bytes) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING")?;
    for (part, bytes) in chunks.iter().enumerate() {
        put.execute(params![blob, Number(part as u64), bytes])?;
    }
    Ok(())
}
