//! Coverage rows and findings as Inspector's model shapes them.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::Inspector;
use super::filter::Field;
use super::finding::{Finding, Status};
use super::location::Location;
use super::scan::Phase;
use crate::model::ids::sha256_hex;
use crate::sandbox::ecr::scanning::{Frequency, Scanning};
use crate::sandbox::ecr::{Image, Repository};
use crate::sandbox::iam::actions::repository_arn;
use crate::sandbox::wire::epoch;

/// One covered resource.
pub struct Row<'a> {
    pub location: Location<'a>,
    pub frequency: Frequency,
    /// `None` for the repository itself.
    pub image: Option<&'a Image>,
    pub tags: Vec<&'a str>,
    pub reason: String,
    pub scanned: Option<Timestamp>,
    pub findings: Vec<Finding>,
}

impl Row<'_> {
    pub fn resource_type(&self) -> &'static str {
        if self.image.is_some() { "AWS_ECR_CONTAINER_IMAGE" } else { "AWS_ECR_REPOSITORY" }
    }

    pub fn resource_id(&self) -> String {
        let repository = repository_arn(self.location.account, self.location.region, self.location.repository);
        self.image.map_or(repository.clone(), |i| format!("{repository}/{}", i.digest))
    }

    /// A resource that will not be scanned any more, or not at all, is INACTIVE.
    fn status_code(&self) -> &'static str {
        match self.reason.as_str() {
            "SUCCESSFUL" | "PENDING_INITIAL_SCAN" | "SCAN_IN_PROGRESS" | "PENDING_REVIVAL_SCAN" | "INTERNAL_ERROR" => {
                "ACTIVE"
            }
            _ => "INACTIVE",
        }
    }

    pub fn field(&self, name: &str) -> Field {
        let seconds = |at: Timestamp| Field::Number(at.as_millisecond() as f64 / 1000.0);
        match name {
            "scanStatusCode" => self.status_code().into(),
            "scanStatusReason" => self.reason.as_str().into(),
            "accountId" => self.location.account.as_str().into(),
            "resourceId" => self.resource_id().as_str().into(),
            "resourceType" => self.resource_type().into(),
            "scanType" => "PACKAGE".into(),
            "ecrRepositoryName" => self.location.repository.into(),
            "ecrImageTags" => Field::Texts(self.tags.iter().map(|t| (*t).to_owned()).collect()),
            "lastScannedAt" => self.scanned.map_or(Field::Absent, seconds),
            _ => Field::Absent,
        }
    }

    pub fn json(&self) -> Value {
        let mut metadata = json!({
            "ecrRepository": {"name": self.location.repository, "scanFrequency": self.frequency.name()},
        });
        if self.image.is_some() {
            metadata["ecrImage"] = json!({"tags": self.tags});
        }
        let mut row = json!({
            "accountId": self.location.account.as_str(),
            "resourceId": self.resource_id(),
            "resourceMetadata": metadata,
            "resourceType": self.resource_type(),
            "scanStatus": {"reason": self.reason, "statusCode": self.status_code()},
            "scanType": "PACKAGE",
        });
        if let Some(at) = self.scanned {
            row["lastScannedAt"] = epoch(at);
        }
        row
    }
}

impl Inspector {
    /// The rows of a repository: its own, and one for each image that Inspector knows of. An index has none, its
    /// platforms' images do.
    pub(super) fn rows<'a>(
        &self,
        location: Location<'a>,
        repository: &'a Repository,
        scanning: &Scanning,
        now: Timestamp,
    ) -> Vec<Row<'a>> {
        let Some(since) = scanning.enhanced else { return Vec::new() };
        let (frequency, _) = scanning.of(repository);
        let row = |image, tags, reason: &str, scanned, findings| Row {
            location,
            frequency,
            image,
            tags,
            reason: reason.to_owned(),
            scanned,
            findings,
        };
        let manual = frequency == Frequency::Manual;
        let own = if manual { "SCAN_FREQUENCY_MANUAL" } else { "SUCCESSFUL" };
        let mut rows = vec![row(None, Vec::new(), own, None, Vec::new())];
        for image in repository.images.values().filter(|i| !i.parsed.is_index()) {
            let tags = repository.tags_of(&image.digest);
            let phase = self.phase(&location, image, image.pushed_at.max(since), now);
            if phase != Phase::Unlisted && manual {
                rows.push(row(Some(image), tags, "SCAN_FREQUENCY_MANUAL", None, Vec::new()));
                continue;
            }
            match phase {
                Phase::Unlisted => {}
                Phase::Pending => rows.push(row(Some(image), tags, "PENDING_INITIAL_SCAN", None, Vec::new())),
                Phase::InProgress => rows.push(row(Some(image), tags, "SCAN_IN_PROGRESS", None, Vec::new())),
                Phase::Stays { reason } => rows.push(row(Some(image), tags, &reason, None, Vec::new())),
                Phase::Finished { at } => {
                    let once = frequency == Frequency::ScanOnPush;
                    let expired = self.expired(&location, image, now).filter(|_| !once);
                    let (mut findings, scanned) = self.findings(&location, image, at, expired.unwrap_or(now));
                    if let Some(expired) = expired {
                        for finding in findings.iter_mut().filter(|f| f.spec.status != Status::Closed) {
                            (finding.spec.status, finding.updated) = (Status::Closed, expired);
                        }
                    }
                    let reason = match (once, expired) {
                        (true, _) => "SCAN_FREQUENCY_SCAN_ON_PUSH",
                        (false, None) => "SUCCESSFUL",
                        (false, Some(_)) => "SCAN_ELIGIBILITY_EXPIRED",
                    };
                    rows.push(row(Some(image), tags, reason, Some(scanned), findings));
                }
            }
        }
        rows
    }
}

/// Of every package here.
const ARCHITECTURE: &str = "X86_64";

/// A finding's place and content.
pub struct Found<'a> {
    pub row: &'a Row<'a>,
    pub image: &'a Image,
    pub finding: &'a Finding,
}

impl Found<'_> {
    pub fn arn(&self) -> String {
        let Location { account, region, .. } = self.row.location;
        let what = format!("{} {} {}", self.row.resource_id(), self.finding.spec.id, self.finding.spec.package());
        format!("arn:aws:inspector2:{region}:{account}:finding/{}", &sha256_hex(what.as_bytes())[..32])
    }

    pub fn field(&self, name: &str) -> Field {
        let spec = &self.finding.spec;
        let seconds = |at: Timestamp| Field::Number(at.as_millisecond() as f64 / 1000.0);
        match name {
            "findingArn" => self.arn().as_str().into(),
            "awsAccountId" | "ecrImageRegistry" => self.row.location.account.as_str().into(),
            "findingType" => "PACKAGE_VULNERABILITY".into(),
            "severity" => spec.severity.name().into(),
            "firstObservedAt" | "lastObservedAt" => seconds(self.finding.observed),
            "updatedAt" => seconds(self.finding.updated),
            "findingStatus" => spec.status.name().into(),
            "title" => title(self.finding).as_str().into(),
            "inspectorScore" => Field::Number(spec.score()),
            "resourceType" => self.row.resource_type().into(),
            "resourceId" => self.row.resource_id().as_str().into(),
            "ecrImagePushedAt" => seconds(self.image.pushed_at),
            "ecrImageArchitecture" => self.image.config.architecture.as_str().into(),
            "ecrImageRepositoryName" => self.row.location.repository.into(),
            "ecrImageTags" => Field::Texts(self.row.tags.iter().map(|t| (*t).to_owned()).collect()),
            "ecrImageHash" => self.image.digest.as_str().into(),
            "vulnerabilityId" => spec.id.as_str().into(),
            "vulnerabilitySource" => "NVD".into(),
            "vendorSeverity" => spec.severity.name().into(),
            "fixAvailable" => spec.fix().into(),
            "exploitAvailable" => spec.exploit_available().into(),
            "vulnerablePackages" => Field::Parts(vec![
                ("name", spec.package().into()),
                ("version", spec.version().into()),
                ("architecture", ARCHITECTURE.into()),
            ]),
            "epssScore" => spec.epss.map_or(Field::Absent, Field::Number),
            _ => Field::Absent,
        }
    }

    pub fn json(&self) -> Value {
        let (spec, observed) = (&self.finding.spec, epoch(self.finding.observed));
        let mut package = json!({
            "name": spec.package(),
            "version": spec.version(),
            "packageManager": "OS",
            "arch": ARCHITECTURE,
        });
        if let Some(fixed) = &spec.fixed_in {
            package["fixedInVersion"] = fixed.as_str().into();
        }
        let mut finding = json!({
            "awsAccountId": self.row.location.account.as_str(),
            "description": format!("{} in {}", spec.id, spec.package()),
            "exploitAvailable": spec.exploit_available(),
            "findingArn": self.arn(),
            "firstObservedAt": observed,
            "fixAvailable": spec.fix(),
            "inspectorScore": spec.score(),
            "lastObservedAt": observed,
            "packageVulnerabilityDetails": {
                "cvss": [],
                "referenceUrls": [],
                "relatedVulnerabilities": [],
                "source": "NVD",
                "sourceUrl": source_url(self.finding),
                "vendorSeverity": spec.severity.name(),
                "vulnerabilityId": spec.id,
                "vulnerablePackages": [package],
            },
            "remediation": {"recommendation": {"text": "None Provided"}},
            "resources": [self.resource()],
            "severity": spec.severity.name(),
            "status": spec.status.name(),
            "title": title(self.finding),
            "type": "PACKAGE_VULNERABILITY",
            "updatedAt": epoch(self.finding.updated),
        });
        if let Some(score) = spec.epss {
            finding["epss"] = json!({"score": score});
        }
        finding
    }

    fn resource(&self) -> Value {
        let config = &self.image.config;
        json!({
            "type": self.row.resource_type(),
            "id": self.row.resource_id(),
            "partition": "aws",
            "region": self.row.location.region.as_str(),
            "tags": {},
            "details": {"awsEcrContainerImage": {
                "repositoryName": self.row.location.repository,
                "imageTags": self.row.tags,
                "pushedAt": epoch(self.image.pushed_at),
                "architecture": if config.architecture.is_empty() { "unknown" } else { &config.architecture },
                "imageHash": self.image.digest,
                "registry": self.row.location.account.as_str(),
                "platform": if config.os.is_empty() { "unknown" } else { &config.os },
                "author": config.author,
            }},
        })
    }
}

pub fn title(finding: &Finding) -> String {
    format!("{} - {}", finding.spec.id, finding.spec.package())
}

pub fn source_url(finding: &Finding) -> String {
    format!("https://nvd.nist.gov/vuln/detail/{}", finding.spec.id)
}
