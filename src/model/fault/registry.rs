//! Faults of registries: they refuse, do not answer, or have other contents than expected.

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
    /// More bytes than kanmon reads.
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
    /// Not the size that the manifest names.
    OtherSize {
        expected: u64,
        found: u64,
    },
    /// It is not a valid manifest.
    Manifest {
        fault: Box<Fault>,
    },
    /// A media type that a header cannot contain.
    MediaType {
        media_type: String,
    },
    /// A token that a header cannot contain.
    Token,
    /// It refers to an address that is not allowed.
    Location {
        refusal: AddressRefusal,
    },
    /// The same for its token server; credentials were not sent.
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
    /// This machine's address, or a cloud's metadata service.
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
    /// The fault carries the JSON reader's own words.
    NotJson,
    SchemaVersion {
        version: u32,
    },
    /// It lists neither manifests nor a configuration with layers.
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

/// What did not come in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Awaited {
    /// The beginning of an answer.
    Answer,
    /// The end of a transfer, in the time that its size allows.
    TransferEnd,
    /// That the registry accepts more of an upload.
    UploadProgress,
}

/// Why a redirect was not followed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RedirectRefusal {
    TooMany { limit: usize },
    Address(AddressRefusal),
}

/// How a registry failed to answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Silence {
    /// Nothing came back.
    NoAnswer,
    TimedOut {
        awaited: Awaited,
        seconds: u64,
    },
    /// Something answered, but not a registry.
    Foreign,
    /// It redirected, perhaps by something that is not a registry.
    Redirect(RedirectRefusal),
    /// Its own error (5xx).
    ServerError,
    /// It no longer knows an upload that was started.
    LostUpload,
    /// The login expired during an upload.
    LoginExpired,
}

problems! {
    /// What is wrong with a registry, or with what it holds.
    Registry => RegistryProblem {
        /// `login`: which login was used, and where it comes from. `token_server`: its address, where it refused and not the registry.
        Denied {
            work: Work,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            login: Option<RegistryLogin>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            token_server: Option<String>,
        } = "registry-not-allowed", AccessDenied;
        NotThere {
            work: Work,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            token_server: Option<String>,
        } = "registry-not-found", NotFound;
        Refused {
            work: Work,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            token_server: Option<String>,
        } = "registry-refused", Invalid;
        /// The tag is immutable and holds another digest.
        TagTaken { work: Work, holds: Digest } = "tag-immutable", Invalid;
        Throttled { work: Work } = "registry-throttled", Throttled;
        NoAnswer { work: Work, silence: Silence } = "registry-not-answered", Unreachable;
        /// The same for moving a tag, which may have happened.
        NoClearAnswer { work: Work, silence: Silence } = "tag-write-not-answered", Ambiguous;
        /// The answer is the registry's, but it cannot be used.
        Unusable { work: Work, why: UnusableAnswer } = "registry-answer-unusable", Invalid;
        /// A local file to be uploaded.
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
        /// In the image's own repository; with the account, where it is known.
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
        /// Some programs read this member in another way.
        AmbiguousManifest { member: String } = "manifest-ambiguous", Invalid;
        TooManyManifests { most: u64 } = "image-has-too-many-manifests", Invalid;
        TooManyLevels { most: u64 } = "image-has-too-many-levels", Invalid;
        InvalidRegistry { host: String } = "invalid-registry", Invalid;
        NotEncrypted { host: String } = "registry-without-tls", Invalid;
        InvalidRepository { repository: String } = "invalid-repository", Invalid;
        InvalidReference { reference: String, why: ReferenceFlaw } = "invalid-image-reference", Invalid;
        /// A reference without a host must be of the image's own repository.
        UnclearReference { reference: String, repository: String } = "unclear-image-reference", Invalid;
        NoClient = "no-http-client", Unreachable;
    }
}
