//! souk.chassis.v1.FaultService: lets a test, or an operator with grpcurl, inject faults.

use std::time::Duration;

use tonic::{Code, Request, Response, Status};

use crate::faults::{Effect, Faults, Rule};
use crate::pb::souk::chassis::v1 as pb;
use crate::pb::souk::chassis::v1::fault_rule::Effect as Wire;
use crate::pb::souk::chassis::v1::fault_service_server::FaultService;
use crate::refusal;

pub(crate) struct FaultRpc(Faults);

impl FaultRpc {
    pub(crate) fn new(faults: Faults) -> Self {
        FaultRpc(faults)
    }
}

#[tonic::async_trait]
impl FaultService for FaultRpc {
    async fn inject(
        &self,
        request: Request<pb::InjectRequest>,
    ) -> Result<Response<pb::InjectResponse>, Status> {
        let rule = request.into_inner().rule.ok_or_else(|| invalid("rule must be set"))?;
        let id = self.0.inject(from_wire(rule)?);
        Ok(Response::new(pb::InjectResponse { id }))
    }

    async fn list(
        &self,
        _request: Request<pb::ListRequest>,
    ) -> Result<Response<pb::ListResponse>, Status> {
        let rules = self.0.rules().into_iter().map(to_wire).collect();
        let points =
            self.0.hits().into_iter().map(|(name, hits)| (name.to_string(), hits)).collect();
        Ok(Response::new(pb::ListResponse { rules, points }))
    }

    async fn clear(
        &self,
        request: Request<pb::ClearRequest>,
    ) -> Result<Response<pb::ClearResponse>, Status> {
        self.0.clear(request.into_inner().id);
        Ok(Response::new(pb::ClearResponse {}))
    }
}

fn from_wire(rule: pb::FaultRule) -> Result<Rule, Status> {
    if rule.target.is_empty() {
        return Err(invalid("rule.target must name a point or a method"));
    }
    let effect = match rule.effect {
        Some(Wire::Delay(delay)) => {
            let delay = Duration::try_from(delay)
                .map_err(|_| invalid("rule.delay must not be negative"))?;
            Effect::Delay(delay)
        }
        Some(Wire::ErrorCode(code @ 1..=16)) => Effect::Error(Code::from_i32(code)),
        Some(Wire::ErrorCode(_)) => return Err(invalid("rule.error_code must be 1 to 16")),
        Some(Wire::LostReply(_)) => Effect::LostReply,
        Some(Wire::CrashBefore(_)) => Effect::CrashBefore,
        Some(Wire::CrashAfter(_)) => Effect::CrashAfter,
        None => return Err(invalid("rule.effect must be set")),
    };
    Ok(Rule {
        id: 0,
        target: rule.target,
        key: rule.key,
        after: rule.after,
        times: rule.times,
        effect,
    })
}

fn to_wire(rule: Rule) -> pb::FaultRule {
    let effect = match rule.effect {
        Effect::Delay(delay) => Wire::Delay(delay.try_into().unwrap_or_default()),
        Effect::Error(code) => Wire::ErrorCode(code.into()),
        Effect::LostReply => Wire::LostReply(true),
        Effect::CrashBefore => Wire::CrashBefore(true),
        Effect::CrashAfter => Wire::CrashAfter(true),
    };
    pb::FaultRule {
        id: rule.id,
        target: rule.target,
        key: rule.key,
        after: rule.after,
        times: rule.times,
        effect: Some(effect),
    }
}

fn invalid(message: &str) -> Status {
    refusal::status(Code::InvalidArgument, souk_contract::REASON_INVALID_FIELD, message, &[])
}
