//! WatchOrder: every change of an order, those that were and those to come.

use std::collections::VecDeque;
use std::time::Duration;

use futures_util::stream;
use souk_chassis::Caller;
use souk_client::orders::v1 as pb;
use souk_client::orders::v1::order_service::WatchOrder;
use souk_contract::{Call, Handle, Responses};
use souk_data::Db;
use souk_types::OrderId;

use super::OrderRpc;
use crate::convert;
use crate::error::Error;
use crate::store;
use crate::store::history;
use crate::watchers::Watcher;

/// How often the history is polled although nothing woke the stream: another replica may have made
/// one.
const POLL_INTERVAL: Duration = Duration::from_secs(1);

/// The most changes that are read at once.
const CHANGES_AT_ONCE: i64 = 100;

impl Handle<WatchOrder> for OrderRpc {
    async fn handle(
        &self,
        call: Call<pb::WatchOrderRequest>,
    ) -> Result<Responses<pb::WatchOrderResponse>, Error> {
        let request = call.request;
        let id = request.order_id()?;
        self.visible_order(&call.caller, id).await?;
        let seen = convert::seen_version(self.db.page_tokens(), id, &request.resume_token)?;

        let watch = Watch {
            is_staff: matches!(call.caller, Caller::Staff(_)),
            until: request.until_states,
            db: self.db.clone(),
            watcher: self.watchers.watch(id),
            id,
            seen,
            unsent: VecDeque::new(),
            is_over: false,
        };
        Ok(Responses::new(stream::unfold(watch, |mut watch| async move {
            let item = watch.next().await.transpose()?;
            watch.is_over |= item.is_err();
            Some((item, watch))
        })))
    }
}

struct Watch {
    is_staff: bool,
    /// The states in which the stream ends, besides the final ones.
    until: Vec<i32>,
    db: Db,
    watcher: Watcher,
    id: OrderId,
    seen: i64,
    unsent: VecDeque<history::Row>,
    is_over: bool,
}

impl Watch {
    async fn next(&mut self) -> Result<Option<pb::WatchOrderResponse>, Error> {
        if self.is_over {
            return Ok(None);
        }
        while self.unsent.is_empty() {
            // The wake-up is asked for before the history is read, so that no change falls in
            // between.
            let changed = self.watcher.changed();
            let rows = history::after(&self.db.read(), self.id, self.seen, CHANGES_AT_ONCE).await?;
            self.unsent = rows.into();
            if self.unsent.is_empty() {
                let _ = tokio::time::timeout(POLL_INTERVAL, changed).await;
            }
        }
        let change = self.unsent.pop_front().expect("it was just filled");
        let order = store::order::show(&self.db.read(), self.id).await?;
        self.seen = change.version;
        let is_reached = self.until.contains(&(change.state as i32));
        self.is_over = is_reached || (change.axes().is_final() && change.version == order.version);
        Ok(Some(pb::WatchOrderResponse {
            change: Some(convert::change(&change, order.currency, self.is_staff)),
            order: Some((&order).into()),
            resume_token: convert::resume_token(self.db.page_tokens(), self.id, change.version),
        }))
    }
}
