//! souk.ops.v1.FaultService: lets a test, or an operator with grpcurl, inject faults.

use std::collections::VecDeque;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use parking_lot::Mutex;
use souk_contract::{Call, FieldError, Handle, Handlers, PublicError, Refusal, Server, common};
use tonic::Code;

use crate::faults::{Effect, Faults, Rule};
use crate::pb::ops::v1 as pb;
use crate::pb::ops::v1::FaultAction;
use crate::pb::ops::v1::fault::Effect as Wire;
use crate::pb::ops::v1::fault_service::{
    self, ClearFaults, InjectFault, ListFaultPoints, ListFaults,
};

/// How many calls are remembered by their request id.
const MAX_REMEMBERED: usize = 1000;
const DEFAULT_PAGE: usize = 100;

pub(crate) fn server(faults: Faults) -> Server {
    fault_service::server(FaultRpc { faults, injected: Mutex::default() })
}

struct FaultRpc {
    faults: Faults,
    injected: Mutex<VecDeque<Injected>>,
}

/// A fault that was asked for under a request id, and as it was added.
struct Injected {
    request_id: String,
    asked: pb::Fault,
    added: pb::Fault,
}

#[derive(Debug, thiserror::Error)]
enum FaultError {
    #[error(transparent)]
    Field(#[from] FieldError),
    #[error("the request id was used before for another fault")]
    RequestIdReused,
    #[error("page_token is not one of this list")]
    PageToken,
}

impl PublicError for FaultError {
    fn refusal(&self) -> Refusal {
        match self {
            FaultError::Field(error) => error.refusal(),
            FaultError::RequestIdReused => {
                Refusal::new(&common::REQUEST_ID_REUSED).field_at_fault("request_id")
            }
            FaultError::PageToken => {
                Refusal::new(&common::INVALID_PAGE_TOKEN).field_at_fault("page_token")
            }
        }
    }
}

impl Handlers for FaultRpc {
    type Error = FaultError;
}

impl Handle<InjectFault> for FaultRpc {
    async fn handle(
        &self,
        call: Call<pb::InjectFaultRequest>,
    ) -> Result<pb::InjectFaultResponse, FaultError> {
        let request_id = call.request.request_id;
        let mut asked = call.request.fault.unwrap_or_default();
        asked.fault_id = 0;

        let mut injected = self.injected.lock();
        if let Some(earlier) = injected.iter().find(|one| one.request_id == request_id) {
            if earlier.asked != asked {
                return Err(FaultError::RequestIdReused);
            }
            return Ok(pb::InjectFaultResponse { fault: Some(earlier.added.clone()) });
        }
        let fault_id = self.faults.inject(from_wire(&asked)?) as i64;
        let added = pb::Fault { fault_id, ..asked.clone() };
        if injected.len() == MAX_REMEMBERED {
            injected.pop_front();
        }
        injected.push_back(Injected { request_id, asked, added: added.clone() });
        Ok(pb::InjectFaultResponse { fault: Some(added) })
    }
}

impl Handle<ListFaults> for FaultRpc {
    async fn handle(
        &self,
        call: Call<pb::ListFaultsRequest>,
    ) -> Result<pb::ListFaultsResponse, FaultError> {
        let after: u64 = match after(&call.request.page_token)? {
            None => 0,
            Some(id) => id.parse().map_err(|_| FaultError::PageToken)?,
        };
        let rules = self.faults.rules().into_iter().filter(|rule| rule.id > after);
        let (rules, next_page_token) =
            page(rules.collect(), call.request.page_size, |rule| rule.id.to_string());
        let faults = rules.into_iter().map(to_wire).collect();
        Ok(pb::ListFaultsResponse { faults, next_page_token })
    }
}

impl Handle<ListFaultPoints> for FaultRpc {
    async fn handle(
        &self,
        call: Call<pb::ListFaultPointsRequest>,
    ) -> Result<pb::ListFaultPointsResponse, FaultError> {
        let after = after(&call.request.page_token)?.unwrap_or_default();
        let hits = self.faults.hits().into_iter().filter(|(name, _)| **name > *after);
        let (hits, next_page_token) =
            page(hits.collect(), call.request.page_size, |(name, _)| (*name).to_owned());
        let point = |(name, passes): (&str, u64)| pb::FaultPoint {
            name: name.to_owned(),
            pass_count: passes as i64,
        };
        let points = hits.into_iter().map(point).collect();
        Ok(pb::ListFaultPointsResponse { points, next_page_token })
    }
}

impl Handle<ClearFaults> for FaultRpc {
    async fn handle(
        &self,
        call: Call<pb::ClearFaultsRequest>,
    ) -> Result<pb::ClearFaultsResponse, FaultError> {
        if call.request.fault_ids.is_empty() {
            self.faults.clear_all();
        }
        for id in call.request.fault_ids {
            // No fault has such a number.
            if let Ok(id) = u64::try_from(id) {
                self.faults.clear(id);
            }
        }
        Ok(pb::ClearFaultsResponse {})
    }
}

/// Returns the key of the last element of the page before; none on the first page.
fn after(page_token: &str) -> Result<Option<String>, FaultError> {
    if page_token.is_empty() {
        return Ok(None);
    }
    let key = URL_SAFE_NO_PAD.decode(page_token).map_err(|_| FaultError::PageToken)?;
    String::from_utf8(key).map(Some).map_err(|_| FaultError::PageToken)
}

/// Returns the elements of a page, and the token of the next.
fn page<T>(mut rest: Vec<T>, page_size: i32, key: impl Fn(&T) -> String) -> (Vec<T>, String) {
    let size = match usize::try_from(page_size) {
        Ok(0) | Err(_) => DEFAULT_PAGE,
        Ok(size) => size,
    };
    let has_more = rest.len() > size;
    rest.truncate(size);
    let token = match rest.last().filter(|_| has_more) {
        Some(last) => URL_SAFE_NO_PAD.encode(key(last)),
        None => String::new(),
    };
    (rest, token)
}

fn from_wire(fault: &pb::Fault) -> Result<Rule, FieldError> {
    let effect = match fault.effect {
        Some(Wire::Delay(delay)) => Duration::try_from(delay)
            .map(Effect::Delay)
            .map_err(|_| FieldError::new("fault.delay", "must not be negative"))?,
        Some(Wire::ErrorCode(code)) => Effect::Error(Code::from_i32(code)),
        Some(Wire::Action(action)) => match FaultAction::try_from(action) {
            Ok(FaultAction::LoseResponse) => Effect::LostReply,
            Ok(FaultAction::CrashBefore) => Effect::CrashBefore,
            Ok(FaultAction::CrashAfter) => Effect::CrashAfter,
            Ok(FaultAction::Unspecified) | Err(_) => {
                return Err(FieldError::new("fault.action", "must be a known action"));
            }
        },
        None => return Err(FieldError::new("fault.effect", "must be set")),
    };
    Ok(Rule {
        id: 0,
        target: fault.target.clone(),
        key: fault.key.clone(),
        after: fault.skip_count.unsigned_abs(),
        times: fault.fail_count.unsigned_abs(),
        effect,
    })
}

fn to_wire(rule: Rule) -> pb::Fault {
    let action = |action: FaultAction| Wire::Action(action.into());
    let effect = match rule.effect {
        Effect::Delay(delay) => Wire::Delay(delay.try_into().unwrap_or_default()),
        Effect::Error(code) => Wire::ErrorCode(code.into()),
        Effect::LostReply => action(FaultAction::LoseResponse),
        Effect::CrashBefore => action(FaultAction::CrashBefore),
        Effect::CrashAfter => action(FaultAction::CrashAfter),
    };
    pb::Fault {
        fault_id: rule.id as i64,
        target: rule.target,
        key: rule.key,
        skip_count: rule.after as i32,
        fail_count: rule.times as i32,
        effect: Some(effect),
    }
}
