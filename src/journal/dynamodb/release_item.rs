//! A release's item: what is stored of it beside its events.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::item::{Item, Read, fill, number, sealed, text};
use super::key::{Key, RELEASE};
use super::number_set::NumberSet;
use super::table::{If, Table};
use crate::journal::codec::{self, Tip};
use crate::journal::lease::{self, ReleaseLease};
use crate::model::event::EVENT_VERSION;
use crate::model::fault::state::{Flaw, Part};
use crate::model::ids::{AppName, ReleaseId, StageName};
use crate::ports::journal::{Imported, JournalError};

#[derive(Debug, Clone)]
pub(super) struct ReleaseItem {
    pub release: ReleaseId,
    pub app: AppName,
    pub started_at: Timestamp,
    pub last_at: Timestamp,
    /// The form that its events were begun in.
    pub form: u32,
    pub tip: Tip,
    pub lease: ReleaseLease,
    /// Of the inbox.
    pub absorbed: NumberSet,
    /// How many messages came before the record was imported: they are not here.
    pub imported_messages: u64,
    /// Where it is another store's.
    pub imported: Option<Imported>,
    /// Where it has taken a lease; it may have lost it since.
    pub stages: BTreeSet<(AppName, StageName)>,
    /// 0 where it is not written yet.
    pub rev: u64,
    /// Of the call that wrote it.
    pub token: String,
}

impl ReleaseItem {
    /// Of a release without events.
    pub fn new(app: &AppName, release: &ReleaseId, now: Timestamp) -> ReleaseItem {
        ReleaseItem {
            release: release.clone(),
            app: app.clone(),
            started_at: now,
            last_at: now,
            form: EVENT_VERSION,
            tip: Tip::start(),
            lease: ReleaseLease::default(),
            absorbed: NumberSet::default(),
            imported_messages: 0,
            imported: None,
            stages: BTreeSet::new(),
            rev: 0,
            token: String::new(),
        }
    }

    pub async fn find(table: &Table, release: &ReleaseId) -> Result<Option<ReleaseItem>, JournalError> {
        table.get(&Key::release(release)).await?.map(|item| ReleaseItem::parse(&item)).transpose()
    }

    /// # Errors
    /// `NoSuchRelease`.
    pub async fn load(table: &Table, release: &ReleaseId) -> Result<ReleaseItem, JournalError> {
        ReleaseItem::find(table, release).await?.ok_or_else(|| JournalError::NoSuchRelease(release.clone()))
    }

    /// One that is worked on here.
    ///
    /// # Errors
    /// `Imported`, and those of `load`.
    pub async fn own(table: &Table, release: &ReleaseId) -> Result<ReleaseItem, JournalError> {
        let release_item = ReleaseItem::load(table, release).await?;
        match release_item.imported {
            Some(mark) => Err(JournalError::Imported(release.clone(), mark)),
            None => Ok(release_item),
        }
    }

    pub fn parse(item: &Item) -> Result<ReleaseItem, JournalError> {
        let pk = item.get("pk").and_then(|v| v.as_s().ok()).map_or("", String::as_str);
        let id = pk.strip_prefix(RELEASE);
        let part = || Part::Release { release: id.unwrap_or(pk).to_owned() };
        let read = Read::sealed(item, &part)?;
        let release = id.and_then(|id| id.parse().ok());
        let corrupt = || part().is(Flaw::Unreadable { error: pk.to_owned() });
        let stages = read.text("stages")?.split(',').filter(|s| !s.is_empty()).map(|s| {
            let (app, stage) = s.split_once('/')?;
            Some((app.parse().ok()?, stage.parse().ok()?))
        });
        Ok(ReleaseItem {
            release: release.ok_or_else(corrupt)?,
            app: read.parsed("app")?,
            started_at: read.parsed("started_at")?,
            last_at: read.parsed("last_at")?,
            form: read.number("form")?,
            tip: Tip { seq: read.number("last_seq")?, hash: read.text("last_hash")?.to_owned() },
            lease: ReleaseLease {
                fence: read.number("fence")?,
                claim: lease::from_json(read.maybe_text("claim")?, part)?,
            },
            absorbed: read.parsed("absorbed")?,
            imported_messages: read.number("imported_messages")?,
            imported: lease::from_json(read.maybe_text("imported")?, part)?,
            stages: stages.collect::<Option<_>>().ok_or_else(corrupt)?,
            rev: read.number("rev")?,
            token: read.text("token")?.to_owned(),
        })
    }

    /// # Errors
    /// Those of `codec::check_form`.
    pub fn check_form(&self) -> Result<(), JournalError> {
        codec::check_form(self.form, || Part::Release { release: self.release.to_string() })
    }

    /// The item that replaces this one.
    pub fn write(&self, token: &str) -> Result<(Item, If), JournalError> {
        let stages: Vec<String> = self.stages.iter().map(|(app, stage)| format!("{app}/{stage}")).collect();
        let mut item = fill(
            Key::release(&self.release).item(),
            [
                ("app", text(&self.app)),
                ("started_at", text(self.started_at)),
                ("last_at", text(self.last_at)),
                ("form", number(self.form)),
                ("last_seq", number(self.tip.seq)),
                ("last_hash", text(&self.tip.hash)),
                ("fence", number(self.lease.fence)),
                ("absorbed", text(&self.absorbed)),
                ("imported_messages", number(self.imported_messages)),
                ("stages", text(stages.join(","))),
                ("rev", number(self.rev + 1)),
                ("token", text(token)),
            ],
        );
        if let Some(claim) = lease::to_json(self.lease.claim.as_ref())? {
            item.insert("claim".to_owned(), text(claim));
        }
        if let Some(mark) = lease::to_json(self.imported.as_ref())? {
            item.insert("imported".to_owned(), text(mark));
        }
        Ok((sealed(item), if self.rev == 0 { If::New } else { If::Rev(self.rev) }))
    }
}
