package interop;

/** The order of seed 003's example, one field per column of its table; a number also arrives as text. */
public class ShopOrder {
    public String oid;
    public String uid;
    public String username;
    public String pid;
    public String pname;
    public String pprice;
    public String number;
}
