//! Reading the details of a gRPC error, as a client would.

use std::collections::BTreeMap;

use tonic::Status;
use tonic_types::StatusExt;

/// A field that the request broke a rule with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FieldViolation {
    /// The path of the field: `lines[0].quantity`.
    pub field: String,
    /// What it must be.
    pub description: String,
}

/// Returns the public reason, such as `ERROR_REASON_OUT_OF_STOCK`; empty when the status carries
/// none.
pub fn reason_of(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.reason).unwrap_or_default()
}

/// Returns the package that the reason belongs to, such as `souk.inventory.v1`; empty when there is
/// none.
pub fn domain_of(status: &Status) -> String {
    status.get_details_error_info().map(|info| info.domain).unwrap_or_default()
}

/// Returns the metadata beside the reason.
pub fn metadata_of(status: &Status) -> BTreeMap<String, String> {
    status
        .get_details_error_info()
        .map(|info| info.metadata.into_iter().collect())
        .unwrap_or_default()
}

/// Returns the fields that broke a rule, in the order of the response.
pub fn field_violations(status: &Status) -> Vec<FieldViolation> {
    let violations = status
        .get_details_bad_request()
        .map(|request| request.field_violations)
        .unwrap_or_default();
    violations
        .into_iter()
        .map(|violation| FieldViolation {
            field: violation.field,
            description: violation.description,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use tonic::Code;
    use tonic_types::ErrorDetails;

    use super::*;

    #[test]
    fn reason_fields_and_metadata_are_read_back() {
        let mut details = ErrorDetails::new();
        details.set_error_info(
            "ERROR_REASON_OUT_OF_STOCK",
            "souk.inventory",
            [("sku".into(), "mug".into())],
        );
        details.add_bad_request_violation("lines[0].quantity", "must be at least 1");
        let status = Status::with_error_details(Code::InvalidArgument, "no", details);

        assert_eq!(reason_of(&status), "ERROR_REASON_OUT_OF_STOCK");
        assert_eq!(domain_of(&status), "souk.inventory");
        assert_eq!(metadata_of(&status)["sku"], "mug");
        assert_eq!(field_violations(&status)[0].field, "lines[0].quantity");
    }

    #[test]
    fn a_status_without_details_has_no_reason() {
        let status = Status::not_found("no");
        assert_eq!(reason_of(&status), "");
        assert!(field_violations(&status).is_empty());
    }
}
