//! Building, adopting and copying images.

use super::defect;
use super::platforms::missing;
use crate::model::event::{CommitSource, Event, Fact, ImageCommit, PushedImage, Source};
use crate::model::fault::Fault;
use crate::model::fault::build::{BuildProblem, Tree};
use crate::model::fault::own::Lack;
use crate::model::ids::{AccountName, Digest, ImageName};
use crate::model::release::Release;
use crate::model::warning::Warning;
use crate::ports::images::{Access, Say};
use crate::runtime::image_reference::resolve;
use crate::runtime::ports::Ports;

pub async fn build(ports: &Ports, release: &Release, image: &ImageName, say: Say<'_>) -> Result<Vec<Fact>, Fault> {
    let pipeline = &release.started.pipeline;
    let spec = pipeline.image(image);
    let to = ports.registry.access(pipeline.account(&spec.account), &spec.repository).await?;
    from_its_source(ports, release, image)?;
    let built = ports.images.build(spec, &to, &release.tag(image), say).await?;
    let changed = changed_meanwhile(ports, release, image)?;
    let done = Fact::ImageBuilt { image: image.clone(), pushed: built.pushed, by: built.by, commit: None };
    let said = |said| Warning::Builder { image: image.clone(), said };
    let warnings = built.warnings.into_iter().map(said).chain(changed);
    let warnings = warnings.map(|warning| Fact::Warned { warning });
    Ok(warnings.chain([done]).collect())
}

/// Whether the working tree is what the release says that its images are built from, which is what an approver reads.
///
/// # Errors
/// `NotFound`, with the commit to check out: the release can go on where its source is.
fn from_its_source(ports: &Ports, release: &Release, image: &ImageName) -> Result<(), Fault> {
    let pipeline = &release.started.pipeline;
    let (was, is) = (&release.started.source, ports.checkout.read().source);
    if was.commit == is.commit && was.dirty == is.dirty {
        return Ok(());
    }
    let all_given = |until| pipeline.images_until(until).into_iter().all(|i| release.started.given.contains_key(i));
    if *was == Source::default() && all_given(&release.started.until) {
        return Err(without_source(release, image));
    }
    let tree = |source: &Source| Tree { commit: source.commit.as_ref().map(ToString::to_string), dirty: source.dirty };
    let (image, release) = (image.clone(), release.id.clone());
    Err(BuildProblem::OtherSource { image, release, was: tree(was), is: tree(&is) }.into())
}

/// What happened to the working tree during a build. Somebody who goes on with their work changes files, of which few are the image's;
/// another commit is another source.
///
/// # Errors
/// As `from_its_source`, where another commit was checked out.
fn changed_meanwhile(ports: &Ports, release: &Release, image: &ImageName) -> Result<Option<Warning>, Fault> {
    let (was, is) = (&release.started.source, ports.checkout.read().source);
    match (&was.commit, was.commit == is.commit && !was.dirty && is.dirty) {
        (Some(commit), true) => Ok(Some(Warning::SourceChanged { image: image.clone(), commit: commit.clone() })),
        (Some(_), false) | (None, _) => from_its_source(ports, release, image).map(|()| None),
    }
}

/// A release that was started with images that were given alone has no source that another one could be built from.
fn without_source(release: &Release, image: &ImageName) -> Fault {
    let given = |(name, pushed): (&ImageName, &PushedImage)| format!("{name}={}@{}", pushed.repository, pushed.digest);
    BuildProblem::NoSource {
        image: image.clone(),
        release: release.id.clone(),
        started_until: release.started.until.clone(),
        until: release.until.clone(),
        given: release.images.iter().map(given).collect(),
    }
    .into()
}

/// An image that exists already: taken where it is if that is the image's own repository, copied there else.
pub async fn adopt(ports: &Ports, release: &Release, image: &ImageName, say: Say<'_>) -> Result<Fact, Fault> {
    let pipeline = &release.started.pipeline;
    let spec = pipeline.image(image);
    let given = release.started.given.get(image).ok_or_else(|| defect(Lack::Given))?;
    let own = ports.registry.access(pipeline.account(&spec.account), &spec.repository).await?;
    let (from, reference) = resolve(ports, pipeline, image, given, &own).await?;
    let found = ports.images.look(&from, &reference).await?.ok_or_else(|| missing(given))?;
    // Copying onto the same repository only sets the release's tag, so that no lifecycle rule takes the image.
    let pushed = ports.images.copy(&from, &found.digest, &own, &release.tag(image), say).await?;
    let commit = commit_of(ports, release, &from, &found, say).await;
    Ok(Fact::ImageBuilt { image: image.clone(), pushed, by: "given".to_owned(), commit })
}

/// How many of the application's latest releases are looked through for the one that built an image. Each is a record to be read; an
/// image that is older than all of these says by its label what it is made of, or nothing does.
const LOOKED_THROUGH: usize = 50;

/// The commit of an image that was given: of the release that built exactly this digest, else by its own label. Never that of the
/// working tree, which says nothing of it.
async fn commit_of(
    ports: &Ports,
    release: &Release,
    at: &Access,
    image: &PushedImage,
    say: Say<'_>,
) -> Option<ImageCommit> {
    let app = &release.started.pipeline.app;
    // A journal that cannot be read is met where it is written next.
    let listed = ports.journal.list(app).await.unwrap_or_default();
    for other in listed.iter().filter(|l| l.release != release.id && l.imported.is_none()).take(LOOKED_THROUGH) {
        let Ok(events) = ports.journal.read(&other.release).await else { continue };
        if let Some(commit) = built(&events, &image.digest) {
            return Some(ImageCommit { commit, source: CommitSource::Release(other.release.clone()) });
        }
    }
    // It is only shown: an image that has come goes on without it.
    let label = ports.images.commit(at, &image.digest).await.unwrap_or_else(|fault| {
        say(&format!("its label with the commit could not be read: {fault}"));
        None
    });
    label.map(|commit| ImageCommit { commit, source: CommitSource::Label })
}

/// The clean commit that a release built this digest from, if it did.
fn built(events: &[Event], digest: &Digest) -> Option<String> {
    let Fact::Started(started) = &events.first()?.fact else { return None };
    let built_it = events.iter().any(|event| {
        matches!(&event.fact, Fact::ImageBuilt { image, pushed, .. }
            if pushed.digest == *digest && !started.given.contains_key(image))
    });
    started.source.commit.clone().filter(|_| built_it && !started.source.dirty)
}

pub async fn copy(
    ports: &Ports,
    release: &Release,
    image: &ImageName,
    account: &AccountName,
    say: Say<'_>,
) -> Result<Fact, Fault> {
    let pipeline = &release.started.pipeline;
    let spec = pipeline.image(image);
    let source = release.images.get(image).ok_or_else(|| defect(Lack::Built))?;
    let from = ports.registry.access(pipeline.account(&spec.account), &spec.repository).await?;
    let to = ports.registry.access(pipeline.account(account), &spec.repository).await?;
    let pushed = ports.images.copy(&from, &source.digest, &to, &release.tag(image), say).await?;
    Ok(Fact::ImageCopied { image: image.clone(), account: account.clone(), pushed })
}
