//! The codes of gates and scans.

use super::family::Family;

/// All of them, in the order in which they are shown.
pub const FAMILIES: &[Family] = &[GATE, SCAN_WAITS, LAST_SCANS, SCAN_BLOCKS, UNCLEAR];

pub const GATE: Family = Family {
    heading: "Why a gate does not pass (judgement.reasons)",
    codes: &[
        ("nothing-to-judge", "there is no image to judge"),
        ("over-limit", "more findings of a severity than the file allows"),
        ("scan-too-old", "the last scan is older than the file allows"),
        ("scan-in-future", "the scan's time is in the future: one of the clocks is wrong"),
        ("scan-timed-out", "the scan did not end in time"),
        ("not-scannable", "the image cannot be scanned"),
        ("no-repository", "the image is not in a repository that is scanned"),
        ("container", "one of these holds for a container that the file does not name"),
    ],
};

pub const SCAN_WAITS: Family = Family {
    heading: "Why a scan has no result yet (waits.code)",
    codes: &[
        ("not-listed", "Inspector does not list the image yet"),
        ("no-status", "the scanner gives no status yet"),
        ("status", "the scanner's own status says that the scan is not done"),
        ("before-push", "the last scan is older than the push"),
        ("never-scanned", "the scanner has not scanned the image yet"),
        ("none-that-counts", "basic scanning has no scan that counts"),
        ("not-taken", "the scanner does not accept the request now"),
        ("manifest", "one of these holds for one of several manifests"),
    ],
};

pub const LAST_SCANS: Family = Family {
    heading: "Why the last basic scan does not count (last.code)",
    codes: &[
        ("none", "there is no scan of the image yet"),
        ("untimed", "ECR does not report when the image was scanned"),
        ("too-old", "the last scan is too old"),
    ],
};

pub const SCAN_BLOCKS: Family = Family {
    heading: "Why there will be no scan (block.code)",
    codes: &[
        ("status", "the scanner's own status says that it will never scan the image"),
        ("no-manifest", "the image has no manifest that could be scanned"),
        ("unclear", "it is unknown which files the image would run"),
        ("manifest", "one of these holds for one of several manifests"),
    ],
};

pub const UNCLEAR: Family = Family {
    heading: "Why it is unknown which files an image would run (unclear.code)",
    codes: &[
        ("nothing-runnable", "an index names no image that can run"),
        ("too-deep", "indexes are nested more deeply than kanmon reads"),
        ("too-many", "the image has more manifests than kanmon reads"),
        ("manifest-elsewhere", "a manifest is fetched from another address"),
        ("unknown-manifest", "an index names a manifest of an unknown media type"),
        ("not-as-named", "a manifest does not have the size and media type that its index gives"),
        ("no-platform", "a manifest has the platform `unknown`, but is not an attestation"),
        ("platform-unnamed", "a manifest does not name its platform"),
        ("part-elsewhere", "a layer or configuration is fetched from another address"),
        ("unknown-part", "a layer or configuration has an unknown media type"),
    ],
};
