//! Registries that refuse, do not answer, or hold something else than they should.

use serde::{Deserialize, Serialize};

use super::Fault;
use crate::model::ids::{AccountName, Digest};
use crate::model::registry_login::RegistryLogin;

/// What a registry was asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "work", rename_all = "kebab-case")]
pub enum Work {
    /// A tag or a digest.
    ReadManifest {
        repository: String,
        reference: String,
    },
    PutManifest {
        repository: String,
        digest: Digest,
    },
    SetTag {
        repository: String,
        tag: String,
    },
    FindLayer {
        repository: String,
    },
    ReadLayer {
        repository: String,
        digest: Digest,
    },
    PutLayer {
        repository: String,
        digest: Digest,
    },
    CopyLayer {
        from: String,
        to: String,
        digest: Digest,
    },
    ReadConfiguration {
        repository: String,
        digest: Digest,
    },
    ListReferrers {
        repository: String,
    },
}

/// Why a registry's own answer cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum UnusableAnswer {
    /// More bytes than are read of it.
    TooLarge {
        limit: u64,
    },
    TooManyPages {
        limit: usize,
    },
    /// Other bytes than the digest names; `sent`: their own digest, where all were read.
    OtherBytes {
        named: Digest,
        sent: Option<Digest>,
    },
    /// Not as many bytes as the manifest says.
    OtherSize {
        expected: u64,
        found: u64,
    },
    /// What stands under the digest of a manifest is not one.
    Manifest {
        fault: Box<Fault>,
    },
    /// A media type that no header can hold.
    MediaType {
        media_type: String,
    },
    /// A token that no header can hold.
    Token,
    /// It leads to an address that it may not lead to.
    Location {
        refusal: AddressRefusal,
    },
    /// The same for its token server; no login was sent.
    TokenServer {
        refusal: AddressRefusal,
    },
}

/// Why an address that a registry names is not used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "refusal", rename_all = "kebab-case")]
pub enum AddressRefusal {
    Invalid {
        address: String,
    },
    NotEncrypted {
        address: String,
    },
    /// Neither http nor https.
    OtherScheme {
        address: String,
    },
    NoHost {
        address: String,
    },
    /// This machine's, or its cloud's metadata service.
    Reserved {
        address: String,
    },
}

impl AddressRefusal {
    pub fn address(&self) -> &str {
        match self {
            AddressRefusal::Invalid { address }
            | AddressRefusal::NotEncrypted { address }
            | AddressRefusal::OtherScheme { address }
            | AddressRefusal::NoHost { address }
            | AddressRefusal::Reserved { address } => address,
        }
    }
}

/// Why bytes are not an image's manifest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "code", rename_all = "kebab-case")]
pub enum ManifestFlaw {
    /// With the JSON reader's own words beside it.
    NotJson,
    SchemaVersion {
        version: u32,
    },
    /// It names neither manifests nor a configuration with layers.
    NamesNothing,
}

/// Which part of an image reference is not valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReferenceFlaw {
    Digest,
    Host,
    Name,
    Tag,
}

/// How a registry is silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Silence {
    /// Nothing came back.
    NoAnswer,
    /// Something answered, and not as a registry does.
    Foreign,
    /// It failed by itself.
    ServerError,
    /// It forgot an upload that it had begun.
    LostUpload,
    /// The login expired during an upload.
    LoginExpired,
}

problems! {
    /// What is wrong with a registry, or with what it holds.
    Registry => RegistryProblem {
        /// `login`: which login was used, and where it comes from.
        Denied {
            work: Work,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            login: Option<RegistryLogin>,
        } = "registry-not-allowed", AccessDenied;
        NotThere { work: Work } = "registry-not-found", NotFound;
        Refused { work: Work } = "registry-refused", Invalid;
        /// The tag is immutable and holds another digest.
        TagTaken { work: Work, holds: Digest } = "tag-immutable", Invalid;
        Throttled { work: Work } = "registry-throttled", Throttled;
        NoAnswer { work: Work, silence: Silence } = "registry-not-answered", Unreachable;
        /// The same where a tag is moved, which may have happened.
        NoClearAnswer { work: Work, silence: Silence } = "tag-write-not-answered", Ambiguous;
        /// The answer is the registry's, but it cannot be used.
        Unusable { work: Work, why: UnusableAnswer } = "registry-answer-unusable", Invalid;
        /// A file of this machine that is sent to it.
        FileUnreadable { work: Work } = "file-for-registry-unreadable", BuildFailed;
        /// Somebody else moved the tag.
        TagMoved {
            repository: String,
            tag: String,
            put: Digest,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            found: Option<Digest>,
        } = "tag-moved", Changed;
        PushedMissing { repository: String, tag: String } = "pushed-image-missing", BuildFailed;
        /// Of the image's own repository; the account where it is known.
        ImageMissing {
            repository: String,
            digest: Digest,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            account: Option<AccountName>,
        } = "image-missing", NotFound;
        PartMissing { repository: String, digest: Digest } = "image-part-missing", NotFound;
        BaseMissing { reference: String } = "base-image-missing", NotFound;
        GivenMissing { reference: String } = "given-image-missing", NotFound;
        ContainersImageMissing { image: String, container: String } = "container-image-missing", NotFound;
        NotAManifest { why: ManifestFlaw } = "not-an-image-manifest", Invalid;
        /// Some programs read this member as another one.
        AmbiguousManifest { member: String } = "manifest-ambiguous", Invalid;
        TooManyManifests { most: u64 } = "image-has-too-many-manifests", Invalid;
        TooManyLevels { most: u64 } = "image-has-too-many-levels", Invalid;
        InvalidRegistry { host: String } = "invalid-registry", Invalid;
        NotEncrypted { host: String } = "registry-without-tls", Invalid;
        InvalidRepository { repository: String } = "invalid-repository", Invalid;
        InvalidReference { reference: String, why: ReferenceFlaw } = "invalid-image-reference", Invalid;
        /// Without a host, a name is one of the image's own repository.
        UnclearReference { reference: String, repository: String } = "unclear-image-reference", Invalid;
        NoClient = "no-http-client", Unreachable;
    }
}
