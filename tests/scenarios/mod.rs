//! Stories: whole releases on the sandbox in process, under one virtual clock. One story a file.

mod stage;

mod a_crash_looping_image;
mod a_critical_finding;
mod a_failed_check;
mod a_failed_migration;
mod a_new_finding_since_approval;
mod a_rejection;
mod a_scan_that_never_ends;
mod a_withdrawn_approval;
mod an_approval_of_another_plan;
mod an_image_that_cannot_be_scanned;
mod an_unchanged_release;
mod approval_by_codepipeline;
mod approved_twice;
mod basic_scanning;
mod desired_count_zero;
mod findings_that_trail_complete;
mod images_pulled_across_accounts;
mod nobody_decides;
mod self_approval;
mod somebody_else_deploys;
mod stale_reads;
mod the_whole_road;
mod the_wrong_person;
mod thresholds;
mod without_service_deployments;
