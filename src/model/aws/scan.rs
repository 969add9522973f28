//! The scan statuses of Inspector and of ECR's own scanner.

use super::words;

words! {
    /// `ScanStatusReason` of an Inspector coverage row.
    CoverageReason {
        PendingInitialScan = "PENDING_INITIAL_SCAN",
        AccessDenied = "ACCESS_DENIED",
        InternalError = "INTERNAL_ERROR",
        UnmanagedEc2Instance = "UNMANAGED_EC2_INSTANCE",
        UnsupportedOs = "UNSUPPORTED_OS",
        ScanEligibilityExpired = "SCAN_ELIGIBILITY_EXPIRED",
        ResourceTerminated = "RESOURCE_TERMINATED",
        Successful = "SUCCESSFUL",
        NoResourcesFound = "NO_RESOURCES_FOUND",
        ImageSizeExceeded = "IMAGE_SIZE_EXCEEDED",
        ScanFrequencyManual = "SCAN_FREQUENCY_MANUAL",
        ScanFrequencyScanOnPush = "SCAN_FREQUENCY_SCAN_ON_PUSH",
        Ec2InstanceStopped = "EC2_INSTANCE_STOPPED",
        PendingDisable = "PENDING_DISABLE",
        NoInventory = "NO_INVENTORY",
        StaleInventory = "STALE_INVENTORY",
        ExcludedByTag = "EXCLUDED_BY_TAG",
        UnsupportedRuntime = "UNSUPPORTED_RUNTIME",
        UnsupportedMediaType = "UNSUPPORTED_MEDIA_TYPE",
        UnsupportedConfigFile = "UNSUPPORTED_CONFIG_FILE",
        DeepInspectionPackageCollectionLimitExceeded = "DEEP_INSPECTION_PACKAGE_COLLECTION_LIMIT_EXCEEDED",
        DeepInspectionDailySsmInventoryLimitExceeded = "DEEP_INSPECTION_DAILY_SSM_INVENTORY_LIMIT_EXCEEDED",
        DeepInspectionCollectionTimeLimitExceeded = "DEEP_INSPECTION_COLLECTION_TIME_LIMIT_EXCEEDED",
        DeepInspectionNoInventory = "DEEP_INSPECTION_NO_INVENTORY",
        AgentlessInstanceStorageLimitExceeded = "AGENTLESS_INSTANCE_STORAGE_LIMIT_EXCEEDED",
        AgentlessInstanceCollectionTimeLimitExceeded = "AGENTLESS_INSTANCE_COLLECTION_TIME_LIMIT_EXCEEDED",
        PendingRevivalScan = "PENDING_REVIVAL_SCAN",
        IntegrationConnectionLost = "INTEGRATION_CONNECTION_LOST",
        AccessDeniedToEncryptionKey = "ACCESS_DENIED_TO_ENCRYPTION_KEY",
        UnsupportedLanguage = "UNSUPPORTED_LANGUAGE",
        NoScanConfigurationAssociated = "NO_SCAN_CONFIGURATION_ASSOCIATED",
        ScanInProgress = "SCAN_IN_PROGRESS",
        ImageArchived = "IMAGE_ARCHIVED",
        UnsupportedCodeArtifacts = "UNSUPPORTED_CODE_ARTIFACTS",
        ResourceUnmanaged = "RESOURCE_UNMANAGED",
        ResourceStopped = "RESOURCE_STOPPED",
        ExtractionCollectionTimeLimitExceeded = "EXTRACTION_COLLECTION_TIME_LIMIT_EXCEEDED",
        StorageLimitExceeded = "STORAGE_LIMIT_EXCEEDED",
        InvalidArtifact = "INVALID_ARTIFACT",
    }
}

words! {
    /// `Severity` of a finding, as Inspector and ECR report it. One without a score is `UNTRIAGED` in Inspector and `UNDEFINED` in ECR.
    FindingSeverity {
        Informational = "INFORMATIONAL",
        Low = "LOW",
        Medium = "MEDIUM",
        High = "HIGH",
        Critical = "CRITICAL",
        Untriaged = "UNTRIAGED",
        Undefined = "UNDEFINED",
    }
}

words! {
    /// `ScanStatus` of ECR's own scanner. A registry that scans continuously stays `ACTIVE`, which means the same as `COMPLETE`.
    BasicScanStatus {
        InProgress = "IN_PROGRESS",
        Complete = "COMPLETE",
        Failed = "FAILED",
        UnsupportedImage = "UNSUPPORTED_IMAGE",
        Active = "ACTIVE",
        Pending = "PENDING",
        ScanEligibilityExpired = "SCAN_ELIGIBILITY_EXPIRED",
        FindingsUnavailable = "FINDINGS_UNAVAILABLE",
        LimitExceeded = "LIMIT_EXCEEDED",
        ImageArchived = "IMAGE_ARCHIVED",
        ImageSizeExceeded = "IMAGE_SIZE_EXCEEDED",
    }
}
