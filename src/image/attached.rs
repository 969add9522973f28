//! What is attached to an image without being part of it: signatures, attestations and bills of materials, as referrers (OCI 1.1)
//! or under cosign's tags.

use std::collections::BTreeSet;

use super::manifest::Manifest;
use super::manifest_tree::{children_first, tree};
use super::registry::Repository;
use crate::model::event::NotCopied;
use crate::model::fault::Fault;
use crate::model::ids::Digest;
use crate::model::progress::{self, Progress};
use crate::ports::images::Say;

/// What cosign puts behind `sha256-DIGEST`; nothing behind it is the tag of a registry that lists no referrers (OCI
/// distribution-spec, "Referrers Tag Schema").
const SUFFIXES: [&str; 4] = [".sig", ".att", ".sbom", ""];

/// A signature may itself be signed; what refers to that is not copied.
const DEEPEST: usize = 2;

/// Of one manifest: a signature for every release of ten years is fewer.
const MOST: usize = 500;

/// Of all that is copied with one image: each costs some requests, and a repository has a quota of images.
const MOST_TOGETHER: usize = 1000;

/// Of one of them, in bytes. The largest are bills of materials, some tens of MB for an image with everything in it.
const LARGEST: u64 = 128 * 1024 * 1024;

/// Of all that is copied with one image, in bytes: what an image itself may well have, and a copy still ends in time.
const LARGEST_TOGETHER: u64 = 1024 * 1024 * 1024;

/// Something that is attached to a manifest.
struct Attached {
    manifest: Manifest,
    tag: Option<String>,
}

/// One copy of what is attached, and what of it was not copied.
struct Copying<'a, 'b> {
    from: &'a Repository<'b>,
    to: &'a Repository<'b>,
    say: Say<'a>,
    not_copied: Vec<NotCopied>,
    /// How many manifests were looked at.
    found: usize,
    copied_bytes: u64,
}

/// Copies what is attached to these manifests: signatures and statements, nothing that a runtime could run. Answers with what was not
/// copied, which does not stop the image: whoever needs it there refuses the image without it.
///
/// # Errors
/// Where a registry does not answer: then the copy is not done yet.
pub async fn copy(
    from: &Repository<'_>,
    to: &Repository<'_>,
    of: &[Digest],
    say: Say<'_>,
) -> Result<Vec<NotCopied>, Fault> {
    let mut copying = Copying { from, to, say, not_copied: Vec::new(), found: 0, copied_bytes: 0 };
    let mut seen: BTreeSet<Digest> = of.iter().cloned().collect();
    let mut level = of.to_vec();
    for _ in 0..DEEPEST {
        let mut next = Vec::new();
        for subject in &level {
            if copying.found == MOST_TOGETHER {
                copying.leave(NotCopied::TooManyTogether { subject: subject.clone(), limit: MOST_TOGETHER });
                continue;
            }
            for attached in copying.attached(subject).await? {
                let new = seen.insert(attached.manifest.digest.clone());
                let copied = copying.one(&attached).await;
                copying.note_refusal(copied)?;
                if new && attached.tag.is_none() {
                    next.push(attached.manifest.digest);
                }
            }
        }
        level = next;
    }
    Ok(copying.not_copied)
}

impl Copying<'_, '_> {
    /// What is attached to one manifest: each with its tag, where it has one.
    async fn attached(&mut self, subject: &Digest) -> Result<Vec<Attached>, Fault> {
        let mut found = Vec::new();
        let listed = match self.from.referrers(subject).await {
            Ok(listed) => listed,
            // What has a tag is copied even where listing is refused.
            Err(fault) => self.note_refusal(Err(fault)).map(|()| Some(Vec::new()))?,
        };
        let all = listed.iter().flatten().count();
        let room = MOST.min(MOST_TOGETHER - self.found);
        if all > room {
            self.leave(NotCopied::TooMany { subject: subject.clone(), left: all - room, all });
        }
        self.found += all.min(room);
        for descriptor in listed.iter().flatten().take(room) {
            let manifest = self.read(descriptor.digest.as_str()).await?;
            found.extend(manifest.map(|manifest| Attached { manifest, tag: None }));
        }
        let suffixes = SUFFIXES.iter().filter(|s| listed.is_none() || !s.is_empty());
        for suffix in suffixes {
            let tag = format!("{}{suffix}", subject.as_str().replace(':', "-"));
            let manifest = self.read(&tag).await?;
            found.extend(manifest.map(|manifest| Attached { manifest, tag: Some(tag) }));
        }
        Ok(found)
    }

    async fn read(&mut self, reference: &str) -> Result<Option<Manifest>, Fault> {
        match self.from.manifest(reference).await {
            Ok(found) => Ok(found),
            Err(fault) => self.note_refusal(Err(fault)).map(|()| None),
        }
    }

    async fn one(&mut self, Attached { manifest, tag }: &Attached) -> Result<(), Fault> {
        let name = tag.as_deref().unwrap_or(manifest.digest.short());
        // An index is expected only under the tag by which a registry without a listing names what refers to an image.
        let all = children_first(self.from, manifest.clone()).await?;
        let is_list = tag.as_ref().is_some_and(|tag| !SUFFIXES.iter().any(|s| !s.is_empty() && tag.ends_with(s)));
        let parts = if is_list && !manifest.children().is_empty() { &all[..all.len() - 1] } else { &all[..] };
        if let Some(odd) = parts.iter().find(|m| !m.is_artifact()) {
            let (name, manifest) = (name.to_owned(), odd.digest.clone());
            self.leave(NotCopied::Runnable { name, manifest });
            return Ok(());
        }
        let size = all.iter().fold(0, |size: u64, m| size.saturating_add(m.size()));
        if size > LARGEST || self.copied_bytes.saturating_add(size) > LARGEST_TOGETHER {
            self.leave(NotCopied::TooLarge { name: name.to_owned(), bytes: size });
            return Ok(());
        }
        self.copied_bytes += size;
        let quiet: Say<'_> = &|_| {};
        tree(self.from, self.to, &all, &manifest.digest, quiet).await?;
        match tag {
            Some(tag) if self.to.manifest(tag).await?.is_some_and(|there| there.digest == manifest.digest) => {
                return Ok(());
            }
            Some(tag) => self.to.tag(manifest, tag).await?,
            None => self.to.put_manifest(manifest).await?,
        }
        let attached = match tag {
            Some(tag) => progress::Attached::Tag(tag.clone()),
            None => progress::Attached::Digest(manifest.digest.clone()),
        };
        (self.say)(&Progress::AttachedCopied { attached });
        Ok(())
    }

    fn leave(&mut self, what: NotCopied) {
        if !self.not_copied.contains(&what) {
            self.not_copied.push(what);
        }
    }

    /// Notes a refusal, which is reported with the image.
    ///
    /// # Errors
    /// Where the registry did not answer.
    fn note_refusal(&mut self, copied: Result<(), Fault>) -> Result<(), Fault> {
        match copied {
            Ok(()) => Ok(()),
            Err(fault) if fault.kind().is_passing() => Err(fault),
            Err(fault) => {
                self.leave(NotCopied::Refused { fault });
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::image::manifest::{OCI_INDEX, OCI_MANIFEST};
    use crate::image::testing::{Answer, FixedClock, count, plain, scripted};
    use crate::model::fault::FaultKind;
    use crate::ports::fence::Fence;

    fn content(manifest: &Manifest) -> Answer {
        (200, vec![("docker-content-digest", manifest.digest.to_string())], manifest.bytes.clone())
    }

    /// A signature without content, and the index by which a registry without a listing names it.
    fn signature() -> (Manifest, Manifest) {
        let (config, empty) = (Digest::of(b"{}"), "application/vnd.oci.empty.v1+json");
        let signature = format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","layers":[],
                "config":{{"mediaType":"{empty}","digest":"{config}","size":2}}}}"#
        );
        let signature = Manifest::parse(signature.into()).unwrap();
        let (digest, size) = (&signature.digest, signature.bytes.len());
        let index = format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}",
                "manifests":[{{"mediaType":"{OCI_MANIFEST}","digest":"{digest}","size":{size}}}]}}"#
        );
        (signature, Manifest::parse(index.into()).unwrap())
    }

    #[tokio::test]
    async fn referrers_under_the_tag_of_a_registry_without_a_listing_are_copied() {
        let (subject, (signature, index)) = (Digest::of(b"image"), signature());
        let (by_digest, by_tag) = (signature.clone(), index.clone());
        let tag = subject.as_str().replace(':', "-");
        let (at, listed) = (format!("GET /v2/app/manifests/{tag}"), format!("GET /v2/app/manifests/{}", index.digest));
        let (source, _) = scripted(move |asked, _| match asked {
            _ if asked == at || asked == listed => content(&by_tag),
            _ if asked.ends_with(by_digest.digest.as_str()) => content(&by_digest),
            _ => plain(404),
        })
        .await;
        let (tags, puts) = (index.clone(), format!("PUT /v2/app/manifests/{tag}"));
        let done = puts.clone();
        let (target, heard) = scripted(move |asked, before| match asked.split(' ').next() {
            Some("GET") if before.contains(&done) => content(&tags),
            Some("HEAD") => (200, vec![("content-length", "2".into())], Bytes::new()),
            Some("PUT") => plain(201),
            _ => plain(404),
        })
        .await;
        let from = Repository::to_read(source, &FixedClock).unwrap();
        let to = Repository::to_write(target, &FixedClock, &Fence::open()).unwrap();
        assert_eq!(copy(&from, &to, &[subject], &|_| {}).await, Ok(Vec::new()));
        assert_eq!(
            (count(&heard, &format!("PUT /v2/app/manifests/{}", signature.digest)), count(&heard, &puts)),
            (1, 1)
        );
    }

    #[tokio::test]
    async fn a_refusal_is_reported_and_a_missing_answer_is_an_error() {
        let copied = |status: u16| async move {
            let answer = move |asked: &str| if asked.contains("/referrers/") { plain(status) } else { plain(404) };
            let (source, _) = scripted(move |asked, _| answer(asked)).await;
            let (target, _) = scripted(|_, _| plain(404)).await;
            let from = Repository::to_read(source, &FixedClock).unwrap();
            let to = Repository::to_write(target, &FixedClock, &Fence::open()).unwrap();
            copy(&from, &to, &[Digest::of(b"a"), Digest::of(b"b")], &|_| {}).await
        };
        let left = copied(403).await.unwrap();
        let [NotCopied::Refused { fault }] = &left[..] else { panic!("{left:?}") };
        assert_eq!(fault.kind(), FaultKind::AccessDenied);
        assert_eq!(copied(404).await, Ok(Vec::new()));
        assert!(copied(503).await.unwrap_err().kind().is_passing());
    }

    /// What is copied, and what is left, of one referrer that is this manifest.
    async fn referred_by(referrer: Manifest) -> (Vec<NotCopied>, usize) {
        let subject = Digest::of(b"image");
        let list = format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}",
                "manifests":[{{"mediaType":"{}","digest":"{}","size":{}}}]}}"#,
            referrer.media_type,
            referrer.digest,
            referrer.bytes.len()
        );
        let (source, _) = scripted(move |asked, _| match asked {
            _ if asked.contains("/referrers/sha256:") && asked.ends_with(Digest::of(b"image").as_str()) => {
                (200, vec![("content-type", OCI_INDEX.to_owned())], list.clone().into())
            }
            _ if asked.ends_with(referrer.digest.as_str()) && !asked.contains("/referrers/") => content(&referrer),
            _ => plain(404),
        })
        .await;
        let (target, heard) = scripted(|asked, _| match asked.split(' ').next() {
            Some("HEAD") => {
                (200, vec![("docker-content-digest", asked.rsplit('/').next().unwrap().into())], Bytes::new())
            }
            Some("PUT") => plain(201),
            _ => plain(404),
        })
        .await;
        let from = Repository::to_read(source, &FixedClock).unwrap();
        let to = Repository::to_write(target, &FixedClock, &Fence::open()).unwrap();
        let left = copy(&from, &to, &[subject], &|_| {}).await.unwrap();
        (left, count(&heard, "PUT"))
    }

    fn with_layer(media_type: &str, size: u64) -> Manifest {
        let d = Digest::of(b"content");
        let text = format!(
            r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}",
                "config":{{"mediaType":"application/vnd.oci.empty.v1+json","digest":"{d}","size":2}},
                "layers":[{{"mediaType":"{media_type}","digest":"{d}","size":{size}}}]}}"#
        );
        Manifest::parse(text.into()).unwrap()
    }

    #[tokio::test]
    async fn attachments_that_a_runtime_could_run_or_that_are_too_large_are_not_copied() {
        let sbom = "application/spdx+json";
        let (left, puts) = referred_by(with_layer(sbom, 40_000_000)).await;
        assert_eq!((left, puts), (vec![], 1), "a bill of materials is copied");
        let layers = [
            "application/vnd.oci.image.layer.v1.tar+gzip",
            "application/vnd.docker.image.rootfs.diff.tar.gzip",
            "application/vnd.oci.image.layer.v1.tar+of-next-year",
        ];
        for media_type in layers {
            let (left, puts) = referred_by(with_layer(media_type, 100)).await;
            assert!(matches!(left[..], [NotCopied::Runnable { .. }]) && puts == 0, "{media_type}: {left:?}");
        }
        let (left, puts) = referred_by(signature().1).await;
        assert!(left.len() == 1 && puts == 0, "an index: {left:?}");
        let (left, puts) = referred_by(with_layer(sbom, LARGEST)).await;
        assert!(matches!(left[..], [NotCopied::TooLarge { .. }]) && puts == 0, "{left:?}");
    }

    #[tokio::test]
    async fn referrers_of_referrers_are_limited_together() {
        // Each manifest of the source is referred to by as many as one may be.
        let subjects: Vec<Digest> = (0..4).map(|i| Digest::of(format!("image {i}").as_bytes())).collect();
        let (source, heard) = scripted(|asked, _| match asked.rsplit_once("/referrers/") {
            Some((_, subject)) => {
                let one = |i| {
                    let digest = Digest::of(format!("{subject} {i}").as_bytes());
                    format!(r#"{{"mediaType":"{OCI_MANIFEST}","digest":"{digest}","size":2}}"#)
                };
                let all: Vec<String> = (0..MOST).map(one).collect();
                let list =
                    format!(r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[{}]}}"#, all.join(","));
                (200, vec![("content-type", OCI_INDEX.to_owned())], list.into())
            }
            None => plain(404),
        })
        .await;
        let (target, _) = scripted(|_, _| plain(404)).await;
        let from = Repository::to_read(source, &FixedClock).unwrap();
        let to = Repository::to_write(target, &FixedClock, &Fence::open()).unwrap();
        let left = copy(&from, &to, &subjects, &|_| {}).await.unwrap();
        assert_eq!((left.len(), count(&heard, "GET /v2/app/referrers/")), (2, 2), "{left:?}");
    }
}
