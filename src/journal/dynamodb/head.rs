//! A release's head: what is known of it without its events.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::item::{Item, Read, fill, number, sealed, text};
use super::key::{Key, RELEASE};
use super::ranges::Ranges;
use super::table::{If, Table};
use crate::journal::codec::Tip;
use crate::journal::lease::{self, ReleaseLease};
use crate::model::event::EVENT_VERSION;
use crate::model::ids::{AppName, ReleaseId, StageName};
use crate::ports::journal::{Imported, JournalError};

#[derive(Debug, Clone)]
pub(super) struct Head {
    pub release: ReleaseId,
    pub app: AppName,
    pub started_at: Timestamp,
    pub last_at: Timestamp,
    /// The form that its events were begun in.
    pub form: u32,
    pub tip: Tip,
    pub lease: ReleaseLease,
    /// Of the inbox.
    pub absorbed: Ranges,
    /// The last message that is not here: it came before the record was carried here.
    pub carried: u64,
    /// Where it is another store's.
    pub imported: Option<Imported>,
    /// Where it has taken a lease; it may have lost it since.
    pub stages: BTreeSet<(AppName, StageName)>,
    /// 0 where it is not written yet.
    pub rev: u64,
    /// Of the call that wrote it.
    pub token: String,
}

impl Head {
    /// Of a release without events.
    pub fn new(app: &AppName, release: &ReleaseId, now: Timestamp) -> Head {
        Head {
            release: release.clone(),
            app: app.clone(),
            started_at: now,
            last_at: now,
            form: EVENT_VERSION,
            tip: Tip::start(),
            lease: ReleaseLease::default(),
            absorbed: Ranges::default(),
            carried: 0,
            imported: None,
            stages: BTreeSet::new(),
            rev: 0,
            token: String::new(),
        }
    }

    pub async fn find(table: &Table, release: &ReleaseId) -> Result<Option<Head>, JournalError> {
        table.get(&Key::head(release)).await?.map(|item| Head::parse(&item)).transpose()
    }

    /// # Errors
    /// `NoSuchRelease`.
    pub async fn load(table: &Table, release: &ReleaseId) -> Result<Head, JournalError> {
        Head::find(table, release).await?.ok_or_else(|| JournalError::NoSuchRelease(release.clone()))
    }

    /// One that is worked on here.
    ///
    /// # Errors
    /// `Imported`, and those of `load`.
    pub async fn own(table: &Table, release: &ReleaseId) -> Result<Head, JournalError> {
        let head = Head::load(table, release).await?;
        match head.imported {
            Some(mark) => Err(JournalError::Imported(release.clone(), mark)),
            None => Ok(head),
        }
    }

    pub fn parse(item: &Item) -> Result<Head, JournalError> {
        let pk = item.get("pk").and_then(|v| v.as_s().ok()).map_or("", String::as_str);
        let read = Read::sealed(item, pk)?;
        let release = pk.strip_prefix(RELEASE).and_then(|id| id.parse().ok());
        let corrupt = || JournalError::Corrupt(format!("`{pk}` is not a release"));
        let stages = read.text("stages")?.split(',').filter(|s| !s.is_empty()).map(|s| {
            let (app, stage) = s.split_once('/')?;
            Some((app.parse().ok()?, stage.parse().ok()?))
        });
        Ok(Head {
            release: release.ok_or_else(corrupt)?,
            app: read.parsed("app")?,
            started_at: read.parsed("started_at")?,
            last_at: read.parsed("last_at")?,
            form: read.number("form")?,
            tip: Tip { seq: read.number("last_seq")?, hash: read.text("last_hash")?.to_owned() },
            lease: ReleaseLease {
                fence: read.number("fence")?,
                hold: lease::parse_hold(read.maybe_text("hold")?, pk)?,
            },
            absorbed: read.parsed("absorbed")?,
            carried: read.number("carried")?,
            imported: lease::parse_hold(read.maybe_text("imported")?, pk)?,
            stages: stages.collect::<Option<_>>().ok_or_else(corrupt)?,
            rev: read.number("rev")?,
            token: read.text("token")?.to_owned(),
        })
    }

    /// The item that takes this one's place.
    pub fn write(&self, token: &str) -> Result<(Item, If), JournalError> {
        let stages: Vec<String> = self.stages.iter().map(|(app, stage)| format!("{app}/{stage}")).collect();
        let mut item = fill(
            Key::head(&self.release).item(),
            [
                ("app", text(&self.app)),
                ("started_at", text(self.started_at)),
                ("last_at", text(self.last_at)),
                ("form", number(self.form)),
                ("last_seq", number(self.tip.seq)),
                ("last_hash", text(&self.tip.hash)),
                ("fence", number(self.lease.fence)),
                ("absorbed", text(&self.absorbed)),
                ("carried", number(self.carried)),
                ("stages", text(stages.join(","))),
                ("rev", number(self.rev + 1)),
                ("token", text(token)),
            ],
        );
        if let Some(hold) = lease::hold_text(self.lease.hold.as_ref())? {
            item.insert("hold".to_owned(), text(hold));
        }
        if let Some(mark) = lease::hold_text(self.imported.as_ref())? {
            item.insert("imported".to_owned(), text(mark));
        }
        Ok((sealed(item), if self.rev == 0 { If::New } else { If::Rev(self.rev) }))
    }
}
