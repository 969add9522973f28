//! What is attached to an image without being part of it: signatures, attestations and bills of materials, as referrers (OCI 1.1)
//! or under cosign's tags.

use std::collections::BTreeSet;

use super::copy::{children_first, tree};
use super::manifest::Manifest;
use super::registry::Repository;
use crate::model::fault::Fault;
use crate::model::ids::Digest;
use crate::ports::images::Say;

/// What cosign puts behind `sha256-DIGEST`; nothing behind it is the tag of a registry that lists no referrers (OCI
/// distribution-spec, "Referrers Tag Schema").
const SUFFIXES: [&str; 4] = [".sig", ".att", ".sbom", ""];

/// A signature may itself be signed; nobody goes on from there.
const DEEPEST: usize = 2;

/// Of one manifest: a signature for every release of ten years is fewer.
const MOST: usize = 500;

/// Copies what is attached to these manifests. Answers with what could not be copied, which keeps no image from
/// its way: whoever wants it there refuses the image without it.
///
/// # Errors
/// Where a registry does not answer: then the copy is not done yet.
pub async fn carry(
    from: &Repository<'_>,
    to: &Repository<'_>,
    of: &[Digest],
    say: Say<'_>,
) -> Result<Vec<String>, Fault> {
    let mut left = Vec::new();
    let mut seen: BTreeSet<Digest> = of.iter().cloned().collect();
    let mut level = of.to_vec();
    for _ in 0..DEEPEST {
        let mut next = Vec::new();
        for subject in &level {
            match attached(from, subject, &mut left).await {
                Ok(found) => {
                    for (manifest, tag) in found {
                        let new = seen.insert(manifest.digest.clone());
                        let copied = one(from, to, &manifest, tag.as_deref(), say).await;
                        heed(copied, &mut left)?;
                        if new && tag.is_none() {
                            next.push(manifest.digest.clone());
                        }
                    }
                }
                Err(fault) => heed(Err(fault), &mut left)?,
            }
        }
        level = next;
    }
    Ok(left)
}

/// What is attached to one manifest: each with its tag, where it has one.
async fn attached(
    from: &Repository<'_>,
    subject: &Digest,
    left: &mut Vec<String>,
) -> Result<Vec<(Manifest, Option<String>)>, Fault> {
    let mut found = Vec::new();
    let listed = match from.referrers(subject).await {
        Ok(listed) => listed,
        // Not being let look is no reason not to take what stands under a tag.
        Err(fault) => heed(Err(fault), left).map(|()| Some(Vec::new()))?,
    };
    for descriptor in listed.iter().flatten().take(MOST) {
        found.extend(from.manifest(descriptor.digest.as_str()).await?.map(|m| (m, None)));
    }
    let suffixes = SUFFIXES.iter().filter(|s| listed.is_none() || !s.is_empty());
    for suffix in suffixes {
        let tag = format!("{}{suffix}", subject.as_str().replace(':', "-"));
        found.extend(from.manifest(&tag).await?.map(|m| (m, Some(tag))));
    }
    Ok(found)
}

async fn one(
    from: &Repository<'_>,
    to: &Repository<'_>,
    manifest: &Manifest,
    tag: Option<&str>,
    say: Say<'_>,
) -> Result<(), Fault> {
    let quiet: Say<'_> = &|_| {};
    tree(from, to, &children_first(from, manifest.clone()).await?, &manifest.digest, quiet).await?;
    match tag {
        Some(tag) if to.manifest(tag).await?.is_some_and(|there| there.digest == manifest.digest) => return Ok(()),
        Some(tag) => to.tag(manifest, tag).await?,
        None => to.put_manifest(manifest).await?,
    }
    say(&format!("attached: {} copied", tag.unwrap_or(manifest.digest.short())));
    Ok(())
}

/// A refusal is reported with the image; silence is passed on.
fn heed(copied: Result<(), Fault>, left: &mut Vec<String>) -> Result<(), Fault> {
    match copied {
        Ok(()) => Ok(()),
        Err(fault) if fault.kind.is_passing() => Err(fault),
        Err(fault) => {
            let what = fault.to_string();
            if !left.contains(&what) {
                left.push(what);
            }
            Ok(())
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::image::manifest::{OCI_INDEX, OCI_MANIFEST};
    use crate::image::testing::{Answer, FixedClock, count, plain, scripted};

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
    async fn referrers_under_the_tag_of_a_registry_without_a_listing_come_along() {
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
        let to = Repository::to_write(target, &FixedClock).unwrap();
        assert_eq!(carry(&from, &to, &[subject], &|_| {}).await, Ok(Vec::new()));
        assert_eq!(
            (count(&heard, &format!("PUT /v2/app/manifests/{}", signature.digest)), count(&heard, &puts)),
            (1, 1)
        );
    }

    #[tokio::test]
    async fn what_may_not_be_read_is_reported_and_silence_passed_on() {
        let carried = |status: u16| async move {
            let answer = move |asked: &str| if asked.contains("/referrers/") { plain(status) } else { plain(404) };
            let (source, _) = scripted(move |asked, _| answer(asked)).await;
            let (target, _) = scripted(|_, _| plain(404)).await;
            let from = Repository::to_read(source, &FixedClock).unwrap();
            let to = Repository::to_write(target, &FixedClock).unwrap();
            carry(&from, &to, &[Digest::of(b"a"), Digest::of(b"b")], &|_| {}).await
        };
        let left = carried(403).await.unwrap();
        assert!(left.len() == 1 && left[0].contains("could not be asked for what refers to an image"), "{left:?}");
        assert_eq!(carried(404).await, Ok(Vec::new()));
        assert!(carried(503).await.unwrap_err().kind.is_passing());
    }
}
