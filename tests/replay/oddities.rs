//! A small file with every oddity of the retailer's real one, made row by row, so that a test can
//! say what is odd.
//!
//! `oddities.json` beside it is what the judge of the real file computes for this one.

use std::fmt::Write as _;

const HEADER: &str =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country";

/// The lines of the longest invoice, as in the real file.
const LONGEST: usize = 704;

/// Returns the text of the file. Its lines end in CR LF, as those of the real one.
pub fn text() -> String {
    let mut text = format!("{HEADER}\n");
    for row in ODDITIES {
        let _ = writeln!(text, "{row},United Kingdom");
    }
    // An invoice of a guest with hundreds of lines, over products that come again and again at
    // changing prices.
    for number in 0..LONGEST {
        let code = 22000 + number % 97;
        let pence = 85 + number % 7 * 40;
        let pounds = pence / 100;
        let pence = pence % 100;
        let quantity = 1 + number % 5;
        let _ = writeln!(
            text,
            "550001,{code},THING {code},{quantity},2011-01-05 10:00:00,{pounds}.{pence:02},,EIRE"
        );
    }
    // Ordinary business, so that there is something to be killed in the middle of: twelve customers
    // who come again, and bring back something of every fifth order.
    for number in 0..240 {
        let invoice = 560000 + number;
        let customer = 13000 + number % 12;
        let day = 6 + number / 10;
        for line in 0..1 + number % 4 {
            let code = 22000 + (number * 7 + line * 13) % 97;
            let quantity = 2 + line;
            let _ = writeln!(
                text,
                "{invoice},{code},THING {code},{quantity},2011-01-{day:02} 11:{:02}:00,1.25,{customer}.0,United Kingdom",
                number % 60
            );
        }
        if number % 5 == 0 {
            let code = 22000 + number * 7 % 97;
            let _ = writeln!(
                text,
                "C{invoice},{code},THING {code},-1,2011-01-{day:02} 16:00:00,1.25,{customer}.0,United Kingdom"
            );
        }
    }
    text.replace('\n', "\r\n")
}

/// Without the country.
const ODDITIES: &[&str] = &[
    // Something bought before the file begins comes back: no sale of the file matches.
    "C536000,22632,HAND WARMER RED POLKA DOT,-4,2010-12-01 08:00:00,1.85,17850.0",
    // Two letter cases of one code, and two descriptions of it; a comma and quotes in a
    // description.
    "536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,2010-12-01 08:26:00,2.55,17850.0",
    "536365,85123a,CREAM HANGING HEART T-LIGHT HOLDER,2,2010-12-01 08:26:00,2.55,17850.0",
    "536365,71053,\"WHITE \"\"METAL\"\" LANTERN, LARGE\",6,2010-12-01 08:26:00,3.39,17850.0",
    // One product at two prices in one invoice, and prices with one and with three decimals that
    // are whole pence.
    "536365,84406B,CREAM CUPID HEARTS COAT HANGER,8,2010-12-01 08:26:00,2.75,17850.0",
    "536365,84406B,CREAM CUPID HEARTS COAT HANGER,4,2010-12-01 08:26:00,2.5,17850.0",
    "536366,84406B,,3,2010-12-01 08:28:00,2.750,17850.0",
    // A code with letters only after more than five characters, and one that never has a
    // description.
    "536366,15056BL,EDWARDIAN PARASOL BLACK,1,2010-12-01 08:28:00,5.95,17850.0",
    "536366,20713,,2,2010-12-01 08:28:00,1.95,17850.0",
    // A guest, and the same guest's invoice with two time stamps.
    "536367,22745,POPPY'S PLAYHOUSE BEDROOM,6,2010-12-01 08:34:00,2.10,",
    "536367,22748,POPPY'S PLAYHOUSE KITCHEN,6,2010-12-01 08:35:00,2.10,",
    // Codes that are no products.
    "536370,POST,POSTAGE,3,2010-12-01 08:45:00,18.00,12583.0",
    "536371,M,Manual,1,2010-12-01 08:46:00,1.25,",
    "536371,BANK CHARGES,Bank Charges,1,2010-12-01 08:46:00,15.00,",
    "536371,gift_0001_40,Dotcomgiftshop Gift Voucher,1,2010-12-01 08:46:00,34.04,",
    "C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527.0",
    "536371,DCGS0076,SUNJAR LED NIGHT LIGHT,1,2010-12-01 08:46:00,16.63,",
    // An invoice that begins with a line of another kind, and one that has nothing else.
    "536372,POST,POSTAGE,1,2010-12-01 09:01:00,18.00,12583.0",
    "536372,22632,HAND WARMER RED POLKA DOT,6,2010-12-01 09:01:00,1.85,12583.0",
    // Zero prices, negative prices, prices below a penny, stock adjustments, accounting entries.
    "536414,22139,,56,2010-12-01 11:52:00,0.0,",
    "536415,22139,damaged,-10,2010-12-01 11:53:00,0.0,",
    "A563186,B,Adjust bad debt,1,2010-12-01 14:51:00,-11062.06,",
    "A563187,22139,Adjust bad debt,1,2010-12-01 14:52:00,11.06,",
    "536416,22139,RETROSPOT TEA SET,1,2010-12-01 14:53:00,-1.00,",
    "536417,22139,RETROSPOT TEA SET,1,2010-12-01 14:54:00,0.001,",
    "536418,22139,RETROSPOT TEA SET,1,2010-12-01 14:55:00,4.255,",
    "536419,22139,RETROSPOT TEA SET,-3,2010-12-01 14:56:00,4.25,",
    "536420,22139,RETROSPOT TEA SET,0,2010-12-01 14:57:00,4.25,",
    "C536421,22139,RETROSPOT TEA SET,2,2010-12-01 14:58:00,4.25,17850.0",
    // A guest's cancellation.
    "C536422,22745,POPPY'S PLAYHOUSE BEDROOM,-1,2010-12-01 15:00:00,2.10,",
    // A return that takes the latest line first and reaches over two lines and two orders.
    "C536430,84406B,CREAM CUPID HEARTS COAT HANGER,-5,2010-12-02 09:00:00,2.75,17850.0",
    // The same invoice takes back again from the same order, at another minute, and in another
    // letter case.
    "C536430,85123A,WHITE HANGING HEART T-LIGHT HOLDER,-1,2010-12-02 09:01:00,2.55,17850.0",
    "C536430,85123a,CREAM HANGING HEART T-LIGHT HOLDER,-3,2010-12-02 09:01:00,2.55,17850.0",
    // A return at a price that was never asked, one of another customer's purchase, one of more
    // than was sold.
    "C536431,71053,WHITE METAL LANTERN,-1,2010-12-02 09:05:00,3.38,17850.0",
    "C536432,71053,WHITE METAL LANTERN,-1,2010-12-02 09:06:00,3.39,12583.0",
    "C536433,22632,HAND WARMER RED POLKA DOT,-9,2010-12-02 09:07:00,1.85,12583.0",
    // Once more of what was taken back whole before.
    "C536434,22632,HAND WARMER RED POLKA DOT,-1,2010-12-02 09:08:00,1.85,12583.0",
    // An order that comes back to the last unit, in two cancellations.
    "536440,21730,GLASS STAR FROSTED T-LIGHT HOLDER,6,2010-12-02 10:00:00,4.25,14688.0",
    "C536441,21730,GLASS STAR FROSTED T-LIGHT HOLDER,-2,2010-12-02 11:00:00,4.25,14688.0",
    "C536442,21730,GLASS STAR FROSTED T-LIGHT HOLDER,-4,2010-12-02 12:00:00,4.25,14688.0",
    // A large order and its cancellation, twelve minutes later, as in the real file.
    "541431,23166,MEDIUM CERAMIC TOP STORAGE JAR,74215,2011-01-03 10:01:00,1.04,12346.0",
    "C541433,23166,MEDIUM CERAMIC TOP STORAGE JAR,-74215,2011-01-03 10:17:00,1.04,12346.0",
    // Lines of one invoice with another invoice in between, and a later price of an earlier
    // product.
    "541500,85123A,WHITE HANGING HEART T-LIGHT HOLDER,12,2011-01-04 10:00:00,2.95,14688.0",
    "541501,85123A,WHITE HANGING HEART T-LIGHT HOLDER,1,2011-01-04 10:00:00,5.79,",
    "541500,71053,WHITE METAL LANTERN,1,2011-01-04 10:00:00,3.75,14688.0",
];
