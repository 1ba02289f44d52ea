//! Tests of the plan of a replay, on a small file with every oddity of the real one.

use std::io::Write as _;

use super::super::figures;
use super::super::file::Source;
use super::*;

#[path = "../../../../tests/replay/oddities.rs"]
mod oddities;

fn plan_of(text: &str) -> Plan {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    Plan::of(&Source::open(file.path()).unwrap().rows().unwrap()).unwrap()
}

fn order<'a>(plan: &'a Plan, invoice: &str) -> &'a Order {
    plan.orders.iter().find(|order| order.invoice == invoice).unwrap()
}

fn returned(order: &Order) -> Vec<(&str, Vec<(i32, i64)>)> {
    let lines =
        |refund: &Refund| refund.lines.iter().map(|(number, units)| (*number, *units)).collect();
    order.refunds.iter().map(|refund| (refund.invoice.as_str(), lines(refund))).collect()
}

#[test]
fn an_order_is_the_sale_lines_of_one_invoice_at_the_time_of_the_first() {
    let plan = plan_of(&oddities::text());
    let first = order(&plan, "536365");
    let interrupted = order(&plan, "541500");
    assert_eq!((first.lines.len(), first.customer.as_str(), first.line), (5, "17850", 3));
    assert_eq!(first.lines[1].sku, "85123A");
    assert_eq!(first.total(), 8 * 255 + 6 * 339 + 8 * 275 + 4 * 250);
    assert_eq!(interrupted.lines.len(), 2);
    assert_eq!(order(&plan, "536372").lines.len(), 1, "postage is no line of an order");
    assert_eq!(order(&plan, "536367").time.to_string(), "2010-12-01T08:34:00Z");
    assert_eq!(order(&plan, "536367").customer, "");
    assert!(
        plan.orders.iter().all(|order| order.invoice != "536370"),
        "an order has at least one sale line"
    );
}

#[test]
fn a_return_takes_the_latest_lines_first_as_far_as_it_goes() {
    let plan = plan_of(&oddities::text());
    assert_eq!(returned(order(&plan, "536366")), [("C536430", vec![(1, 3)])]);
    assert_eq!(returned(order(&plan, "536365")), [("C536430", vec![(1, 2), (2, 2), (4, 2)])]);
    assert_eq!(returned(order(&plan, "536372")), [("C536433", vec![(1, 6)])]);
    assert_eq!(
        returned(order(&plan, "536440")),
        [("C536441", vec![(1, 2)]), ("C536442", vec![(1, 4)])]
    );
    assert_eq!(returned(order(&plan, "541431")), [("C541433", vec![(1, 74215)])]);
    assert_eq!(plan.returns_part.len(), 1);
    assert_eq!(plan.returns_unmatched.len(), 4);
    assert_eq!(plan.unmatched_units, 4 + 1 + 1 + 3 + 1);
}

#[test]
fn every_line_is_sold_returned_or_explained() {
    let plan = plan_of(&oddities::text());
    let explained: usize = plan.explained.values().map(Vec::len).sum();
    let returns =
        plan.returns_whole + (plan.returns_part.len() + plan.returns_unmatched.len()) as u64;
    assert_eq!(plan.lines, plan.sale_lines() + returns + explained as u64);
    let reasons: Vec<&str> = plan.reasons().into_iter().map(|(reason, _)| reason).collect();
    assert_eq!(
        reasons,
        [
            "accounting entry",
            "cancellation by a guest",
            "cancellation without a return",
            "negative price",
            "not a product",
            "price below a penny",
            "stock adjustment",
            "zero price",
            PARTLY_MATCHED,
            UNMATCHED,
        ]
    );
}

#[test]
fn a_product_has_its_most_frequent_description_and_every_price_once() {
    let plan = plan_of(&oddities::text());
    let product = |sku| plan.products.iter().find(|product| product.sku == sku).unwrap();
    let pence = |sku| product(sku).prices.iter().map(|(pence, _)| *pence).collect::<Vec<_>>();
    assert_eq!(product("85123A").title, "WHITE HANGING HEART T-LIGHT HOLDER");
    assert_eq!(pence("85123A"), [255, 295, 579]);
    assert_eq!(pence("84406B"), [275, 250]);
    assert_eq!(
        product("20713").title,
        "20713",
        "a product without any description is called by its code"
    );
    assert_eq!(product("22139").title, "RETROSPOT TEA SET");
    assert!(pence("22139").is_empty(), "it was never sold");
}

#[test]
fn orders_of_one_customer_are_one_chain_and_every_guest_has_its_own() {
    let plan = plan_of(&oddities::text());
    let invoices = |chains: Vec<Vec<usize>>, with: &str| -> Vec<String> {
        let named = |chain: &Vec<usize>| {
            chain.iter().map(|i| plan.orders[*i].invoice.clone()).collect::<Vec<_>>()
        };
        chains.iter().map(named).find(|chain| chain.contains(&with.to_owned())).unwrap()
    };
    assert_eq!(invoices(plan.chains(0), "536365"), ["536365", "536366"]);
    assert_eq!(invoices(plan.chains(1), "536366"), ["536366"]);
    assert_eq!(invoices(plan.chains(0), "536367"), ["536367"]);
    assert_eq!(invoices(plan.chains(0), "541501"), ["541501"]);
    let count: usize = plan.chains(0).iter().map(Vec::len).sum();
    assert_eq!(count, plan.orders.len());
}

#[test]
fn what_the_api_does_not_take_is_refused_before_anything_is_sent() {
    let header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID\n";
    let line = "1,22000,MUG,1,2011-01-05 10:00:00,1.00,\n";
    let rows = |text: String| {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        Source::open(file.path()).unwrap().rows().unwrap()
    };
    let error = |text: String| Plan::of(&rows(format!("{header}{text}"))).unwrap_err().to_string();
    assert_eq!(
        error(line.repeat(5001)),
        "line 5002, invoice 1: the invoice has more than 5000 lines"
    );
    let many = line.replace(",1,2011", ",1000001,2011");
    assert_eq!(error(many), "line 2, invoice 1: it sells more than 1000000 units");
    for units in ["-1000001", "-9223372036854775808"] {
        let back = line
            .replace("1,22000", "C1,22000")
            .replace(",1,2011", &format!(",{units},2011"))
            .replace(",\n", ",7\n");
        assert_eq!(error(back), "line 2, invoice C1: it returns more than 1000000 units");
    }
    let dear = line.replace(",1.00,", ",10000000000.01,");
    assert_eq!(error(dear), "line 2, invoice 1: its UnitPrice is above 10000000000.00");
    let dear = line.replace(",1.00,", ",9999999999.99,").replace(",1,2011", ",1001,2011");
    assert_eq!(
        error(dear),
        "line 2, invoice 1: the total of the invoice is more than 10000000000000.00"
    );
    let most = line.replace(",1.00,", ",10000000000.00,").replace(",1,2011", ",1000,2011");
    let file =
        (1..=9_224).map(|invoice| most.replacen('1', &invoice.to_string(), 1)).collect::<String>();
    assert_eq!(
        error(file),
        "line 9225, invoice 9224: the file's sales are more than 64 bits of pence"
    );
    let two = line.replace(",\n", ",111.0\n") + &line.replace(",\n", ",222.0\n");
    assert_eq!(
        error(two),
        "line 3, invoice 1: it is sold to customer 222, but the invoice begins with customer 111"
    );
}

/// The figures that the judge of the real file computes, from the plan alone: the services are not
/// needed to know that the file was understood.
fn figures(plan: &Plan) -> serde_json::Value {
    let book = figures::of_plan(plan);
    let sources =
        figures::Sources { orders: &book, payments: &book, ledger: &book, inventory: &book };
    serde_json::to_value(figures::Outcome::of(plan, &sources)).unwrap()
}

#[test]
fn the_plan_of_the_odd_file_equals_what_the_judge_says() {
    let judged: serde_json::Value =
        serde_json::from_str(include_str!("../../../../tests/replay/oddities.json")).unwrap();
    assert_eq!(figures(&plan_of(&oddities::text())), judged);
}

/// SOUK_RETAIL_FILE names the real file; the test command sets it where the file is at hand.
#[test]
fn the_plan_of_the_real_file_equals_what_the_judge_says() {
    let Some(path) = std::env::var_os("SOUK_RETAIL_FILE") else {
        return;
    };
    let source = Source::open(std::path::Path::new(&path)).unwrap();
    let plan = Plan::of(&source.rows().unwrap()).unwrap();
    let figures = figures(&plan);
    assert_eq!(figures["sale_lines"], 238_718);
    assert_eq!(figures["orders"], 9_592);
    assert_eq!(figures["sold_minor"], 464_588_346);
    assert_eq!(figures["refunded_minor"], 16_141_507);
    assert_eq!(
        figures["sha256_orders"],
        "1f7e081e0932a76456897735c4e6e00b9f28c38ff902dea4da0cdcb2073852f1"
    );
    assert_eq!(
        figures["sha256_sold_minor_by_day"],
        "95b04ccbe966990a478a8034084e6f93875928a503724d947fb887cc9de6a44a"
    );
    assert_eq!(
        figures["sha256_sold_units_by_sku"],
        "db5d11181f53e4f274f48d93f707a13ea3801c0688ceb0ba94646deee7e4851c"
    );
    assert_eq!(
        figures["sha256_refunded_units_by_sku"],
        "fa0989c6749640af06138508a6e04948a8306db8cc82682ae6ac93e014bc3b25"
    );
}
